#:package RobustAttribution.MLNet@0.1.0
#:package TorchSharp-cpu@0.107.0
#:property PublishAot=false
#:property CreateSymbolicLinksForCopyLocalIfPossible=true

// Measures how well the explanations of saved models hold on your test images, prints the figures and writes a page about them.
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: dotnet run evaluate.cs IMAGES REPORT.html [--worst-case] MODEL.zip [MODEL.zip …]");
    Console.Error.WriteLine("IMAGES has one sub-folder of test images for each class, the classes of the models; 100 of them are measured, in minutes.");
    Console.Error.WriteLine("--worst-case takes the worst of many attacks, and about ten times as long.");
    return 1;
}

try
{
    var mlContext = new MLContext(seed: 1);
    new FileStream(args[1] + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose(); // can it be written?
    IDataView images = mlContext.Data.LoadImageFolders(args[0]);
    ITransformer keys = mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(images); // before models that do not map text themselves
    string[] paths = [.. args[2..].Where(arg => arg != "--worst-case")];
    var models = paths.Select(path => (paths.Count(other => Path.GetFileName(other) == Path.GetFileName(path)) == 1 ? Path.GetFileName(path) : path, Load(path))).ToList();
    RobustnessReport report = mlContext.MulticlassClassification.RobustnessReport(models, images, new()
    {
        DataName = Path.GetFileName(Path.GetFullPath(args[0])),
        MaximumImages = 100,
        WorstCase = args.Contains("--worst-case") ? new WorstCaseEvaluation() : null,
        Progress = Console.IsOutputRedirected ? null : new Progress<RobustnessReportProgress>(now => Console.Write($"\r{now.Share:P0}, {now.Remaining.TotalMinutes:F1} minutes left ")),
    });
    report.Save(args[1]);
    foreach (ReportedModel model in report.Models)
    {
        Console.WriteLine($"\n{model.Name}");
        foreach (ReportedNumber number in model.Numbers)
        {
            string direction = number.IsReference ? "" : number.HigherIsBetter ? "(higher is better)" : "(lower is better)";
            Console.WriteLine($"  {number.Value,7:F3}  {number.Interval,18}  {number.Name} {direction}");
        }
    }

    Console.WriteLine(string.Join(Environment.NewLine, report.Verdicts));
    Console.WriteLine($"Written: {args[1]} (open it in a browser)");
    return 0;

    ITransformer Load(string path)
    {
        ITransformer model = mlContext.Model.Load(path, out DataViewSchema input);
        return input.GetColumnOrNull("Label")?.Type is TextDataViewType ? model : new TransformerChain<ITransformer>(keys, model);
    }
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {error.GetBaseException().Message}");
    return 1;
}
