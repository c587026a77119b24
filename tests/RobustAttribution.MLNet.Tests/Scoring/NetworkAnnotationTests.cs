using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Scoring;

/// <summary>What the network in the Score column's annotations survives, and what is said where it does not.</summary>
[TestClass]
public sealed class NetworkAnnotationTests
{
    private static readonly Dictionary<string, (Func<MLContext, IDataView, IDataView> Apply, string Score)> Survives = new()
    {
        ["CopyColumns"] = ((context, view) => context.Transforms.CopyColumns("Copy", "Score").Fit(view).Transform(view), "Copy"),
        ["MapKeyToValue"] = ((context, view) => context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(view).Transform(view), "Score"),
        ["MapValueToKey"] = ((context, view) => context.Transforms.Conversion.MapValueToKey("IdKey", "Id").Fit(view).Transform(view), "Score"),
        ["SelectColumns"] = ((context, view) => context.Transforms.SelectColumns("Score", "Image").Fit(view).Transform(view), "Score"),
        ["DropColumns"] = ((context, view) => context.Transforms.DropColumns("Label").Fit(view).Transform(view), "Score"),
        ["Cache"] = ((context, view) => context.Data.Cache(view), "Score"),
        ["TakeRows"] = ((context, view) => context.Data.TakeRows(view, 5), "Score"),
        ["SkipRows"] = ((context, view) => context.Data.SkipRows(view, 5), "Score"),
        ["ShuffleRows"] = ((context, view) => context.Data.ShuffleRows(view, 3), "Score"),
        ["TrainTestSplit"] = ((context, view) => context.Data.TrainTestSplit(view, 0.5).TestSet, "Score"),
        ["FilterRowsByColumn"] = ((context, view) => context.Data.FilterRowsByColumn(view, "Id", 2, 8), "Score"),
        ["a second Saliency"] = ((context, view) => context.Transforms.Saliency("First").Fit(view).Transform(view), "Score"),
    };

    public static IEnumerable<string> Survivors => Survives.Keys;

    [TestMethod]
    [DynamicData(nameof(Survivors))]
    public void TheNetworkSurvives(string name)
    {
        using var scored = new Scored();
        IDataView floats = scored.Context.Transforms.Conversion.ConvertType("Id", outputKind: DataKind.Single).Fit(scored.View).Transform(scored.View);
        (Func<MLContext, IDataView, IDataView> apply, string score) = Survives[name];
        IDataView view = apply(scored.Context, floats);
        IDataView maps = scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { ScoreColumnName = score }).Fit(view).Transform(view);
        List<Rows.Row> rows = Rows.Read(maps, ["Saliency"]);
        Assert.IsNotEmpty(rows);
        Assert.IsTrue(rows.All(row => ((float[])row.Values["Saliency"]).Any(value => value > 0)));
    }

    [TestMethod]
    public void NormalizedScoresSayThatTheNetworkIsLost()
    {
        using var scored = new Scored();
        IDataView view = scored.Context.Transforms.NormalizeMinMax("Score").Fit(scored.View).Transform(scored.View);
        Exception error = Assert.Throws<Exception>(() => scored.Context.Transforms.Saliency().Fit(view));
        StringAssert.Contains(error.Message, "column 'Score' lost it");
        StringAssert.Contains(error.Message, "RobustImageClassification");
    }

    [TestMethod]
    public void ConvertedScoresSayThatTheNetworkIsLost()
    {
        using var scored = new Scored();
        IDataView view = scored.Context.Transforms.Conversion.ConvertType("Converted", "Score", DataKind.Double).Fit(scored.View).Transform(scored.View);
        Exception error = Assert.Throws<Exception>(() => scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { ScoreColumnName = "Converted" }).Fit(view));
        StringAssert.Contains(error.Message, "column 'Converted' does not carry one");
        StringAssert.Contains(error.Message, "set ScoreColumnName = \"Score\"");
    }

    [TestMethod]
    public void ScoresFromABinaryFileSayThatTheNetworkIsLost()
    {
        using var scored = new Scored();
        using var file = new MemoryStream();
        scored.Context.Data.SaveAsBinary(scored.View, file);
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file.ToArray());
            IDataView view = scored.Context.Data.LoadFromBinary(path);
            Exception error = Assert.Throws<Exception>(() => scored.Context.Transforms.Saliency().Fit(view));
            StringAssert.Contains(error.Message, "column 'Score' does not carry one");
            StringAssert.Contains(error.Message, "SaveAsBinary");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var scored = new Scored();
        IDataView maps = scored.Context.Transforms.Saliency().Fit(scored.View).Transform(scored.View);
        scored.Dispose();
        string message = Assert.ThrowsExactly<ObjectDisposedException>(() => Rows.Read(maps, ["Saliency"])).Message;
        StringAssert.Contains(message, "A PredictionEngine disposes of its model unless");
        StringAssert.Contains(message, "OwnsTransformer = false");
        Assert.ThrowsExactly<ObjectDisposedException>(() => scored.Model.Network);
    }
}
