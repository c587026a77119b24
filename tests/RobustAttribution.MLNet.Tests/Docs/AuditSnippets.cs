using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/audit-a-model.md.</summary>
internal static class AuditSnippets
{
    public static RobustnessReport Audit(string formerPath, string candidatePath, string testFolder, string page, int images, WorstCaseAttack attack)
    {
        #region Audit
        var mlContext = new MLContext(seed: 1);
        ITransformer former = mlContext.Model.Load(formerPath, out DataViewSchema input);
        ITransformer candidate = mlContext.Model.Load(candidatePath, out _);
        bool keys = input["Label"].Type is KeyDataViewType; // text where MapValueToKey is in the model file
        IDataView test = mlContext.Data.LoadImageFolders(testFolder, options: new() { LabelsAsKey = keys }); // images that no training has seen
        RobustnessReport report = mlContext.MulticlassClassification.RobustnessReport([("former", former), ("candidate", candidate)], test, new()
        {
            DataName = "parts, March",
            MaximumImages = images,
            WorstCase = new WorstCaseEvaluation { Attack = attack },
        });
        report.Save(page);
        foreach (string verdict in report.Verdicts)
        {
            Console.WriteLine(verdict);
        }

        foreach (ReportedModel model in report.Models)
        {
            Console.WriteLine($"{model.Name}: {(model.Findings.Count == 0 ? "nothing speaks against the figures" : string.Join(" ", model.Findings))}");
        }
        #endregion
        ((IDisposable)former).Dispose();
        ((IDisposable)candidate).Dispose();
        return report;
    }
}
