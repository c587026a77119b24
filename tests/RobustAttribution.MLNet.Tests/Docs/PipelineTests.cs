using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>Whole ways from training to a PredictionEngine in a process of its own: image files as the README has them, and vectors.</summary>
[TestClass]
public sealed class PipelineTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void FromAFolderOfPngAndJpegFilesToAPredictionInAnotherProcess()
    {
        string samples = Directory.CreateDirectory(Path.Combine(folder, "images")).FullName;
        string[] files = [.. TestImage.Make(24).Select(sample => Write(samples, sample))];
        string path = Path.Combine(folder, "model.zip");

        (MulticlassClassificationMetrics metrics, IReadOnlyList<AttributionRobustnessMetrics> robustness) = PipelineSnippets.Train(samples, epochs: 2, path);

        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
        Assert.HasCount(3, robustness);
        Assert.AreEqual(24, robustness.Sum(fold => fold.RowCount));
        PipelineSnippets.Explanation here = PipelineSnippets.Predict(path, files[3]);
        string output = Path.Combine(folder, "prediction.json");
        (int exitCode, string messages) = FreshProcess.Run("predict-file", path, files[3], output);
        Assert.AreEqual(0, exitCode, messages);
        StringAssert.Contains(messages, here.Class);
        AssertSame(here, JsonSerializer.Deserialize<PipelineSnippets.Explanation>(File.ReadAllText(output))!);
        Assert.HasCount(3, here.Score);
        Assert.HasCount(32 * 32, here.Saliency);

        string shown = Path.Combine(folder, "overlay.png");
        ExplanationSnippets.Show(path, files[3], shown);
        using MLImage overlay = MLImage.CreateFromFile(shown);
        Assert.AreEqual((24, 24), (overlay.Width, overlay.Height)); // the file's size, not the network's 32×32

        var context = new MLContext();
        using var loaded = (TransformerChain<ITransformer>)context.Model.Load(path, out _);
        ExplanationSnippets.Answer answer = ExplanationSnippets.Explain(
            context, loaded.OfType<RobustAttributionModelTransformer>().Single(), File.ReadAllBytes(files[3]));
        CollectionAssert.AreEqual(File.ReadAllBytes(shown), answer.OverlayPng);
        Assert.IsNotEmpty(answer.HeatMapPng);
    }

    [TestMethod]
    public void FromVectorsToAPredictionInAnotherProcess()
    {
        var context = new MLContext(seed: 1);
        List<TestImage> samples = TestImage.Make(24);
        IDataView data = context.Data.LoadFromEnumerable(samples);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.RobustImageClassification(epochs: 2))
            .Append(context.Transforms.Saliency())
            .Append(context.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"));
        var folds = context.MulticlassClassification.CrossValidate(data, pipeline, numberOfFolds: 2);
        IReadOnlyList<AttributionRobustnessMetrics> robustness = context.MulticlassClassification.EvaluateAttributionRobustness(folds, new() { Attack = new TopKAttack { K = 9, Steps = 2 }, Similarities = [new(new Similarities.CosineSimilarity())] });
        Assert.AreEqual(24, robustness.Sum(fold => fold.RowCount));
        using TransformerChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer> model = pipeline.Fit(data);
        MulticlassClassificationMetrics metrics = context.MulticlassClassification.Evaluate(model.Transform(data));
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, data.Schema, path);

        string input = Path.Combine(folder, "images.json"), output = Path.Combine(folder, "predictions.json");
        File.WriteAllText(input, JsonSerializer.Serialize(samples));
        (int exitCode, string messages) = FreshProcess.Run("predict-vectors", path, input, output);

        Assert.AreEqual(0, exitCode, messages);
        List<PipelineSnippets.Explanation> found = JsonSerializer.Deserialize<List<PipelineSnippets.Explanation>>(File.ReadAllText(output))!;
        List<Rows.Row> here = Rows.Read(model.Transform(data), ["Class", "Score", "Saliency"]);
        Assert.HasCount(here.Count, found);
        for (int i = 0; i < here.Count; i++)
        {
            Rows.AreEqual(here[i].Values, new Dictionary<string, object> { ["Class"] = found[i].Class, ["Score"] = found[i].Score, ["Saliency"] = found[i].Saliency }, 1e-3, $"row {i}");
        }

        Assert.AreEqual(metrics.MicroAccuracy, found.Zip(samples).Average(pair => pair.First.Class == pair.Second.Label ? 1.0 : 0), 1e-9);
    }

    /// <summary>What the other process does with an image file.</summary>
    internal static int PredictFile(string path, string sample, string output)
    {
        File.WriteAllText(output, JsonSerializer.Serialize(PipelineSnippets.Predict(path, sample)));
        return 0;
    }

    /// <summary>What the other process does with vectors.</summary>
    internal static int PredictVectors(string path, string input, string output)
    {
        var context = new MLContext();
        ITransformer model = context.Model.Load(path, out _);
        using PredictionEngine<TestImage, PipelineSnippets.Explanation> engine = context.Model.CreatePredictionEngine<TestImage, PipelineSnippets.Explanation>(model);
        File.WriteAllText(output, JsonSerializer.Serialize(JsonSerializer.Deserialize<List<TestImage>>(File.ReadAllText(input))!.ConvertAll(engine.Predict)));
        return 0;
    }

    private static void AssertSame(PipelineSnippets.Explanation expected, PipelineSnippets.Explanation actual)
    {
        Assert.AreEqual(expected.Class, actual.Class);
        CollectionAssert.AreEqual(expected.Score, actual.Score);
        CollectionAssert.AreEqual(expected.Saliency, actual.Saliency);
    }

    internal static string Write(string folder, TestImage sample)
    {
        const int scale = 3;
        const int side = scale * TestImage.Side;
        byte[] pixels = new byte[4 * side * side];
        for (int i = 0; i < side * side; i++)
        {
            byte value = (byte)sample.Image[(i / side / scale * TestImage.Side) + (i % side / scale)];
            new[] { value, value, value, byte.MaxValue }.CopyTo(pixels, 4 * i);
        }

        string file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, sample.Label)).FullName, $"{sample.Id}.{(sample.Id % 2 == 0 ? "png" : "jpg")}");
        using MLImage image = MLImage.CreateFromPixels(side, side, MLPixelFormat.Bgra32, pixels);
        image.Save(file);
        return file;
    }
}
