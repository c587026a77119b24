using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The README's pipeline over a folder of image files, and what another process does with the model.</summary>
internal static class PipelineSnippets
{
    public static (MulticlassClassificationMetrics Metrics, IReadOnlyList<AttributionRobustnessMetrics> Robustness) Train(string folder, int epochs, string path)
    {
        #region Files
        var mlContext = new MLContext(seed: 1);
        IDataView files = mlContext.Data.LoadFromEnumerable(
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) // folder/class/image.png
                .Select(file => new ImageFile { Path = file, Label = Path.GetFileName(Path.GetDirectoryName(file)!) }));
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.LoadImages("Image", imageFolder: "", "Path"))
            .Append(mlContext.MulticlassClassification.Trainers.RobustImageClassification(new() { Input = new InputSpecification(3, 32, 32), Epochs = epochs }))
            .Append(mlContext.Transforms.Saliency())
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"));

        var folds = mlContext.MulticlassClassification.CrossValidate(files, pipeline, numberOfFolds: 3);
        var robustness = mlContext.MulticlassClassification.EvaluateAttributionRobustness(folds, new() { Attack = new TopKAttack { Steps = 10 } });
        Console.WriteLine(robustness); // mean and spread over the folds

        var split = mlContext.Data.TrainTestSplit(files, testFraction: 0.25);
        ITransformer model = pipeline.Fit(split.TrainSet);
        MulticlassClassificationMetrics metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(split.TestSet));
        mlContext.Model.Save(model, files.Schema, path);
        #endregion
        ((IDisposable)model).Dispose();
        return (metrics, robustness);
    }

    public static Explanation Predict(string path, string image)
    {
        #region Predict
        var mlContext = new MLContext();
        ITransformer model = mlContext.Model.Load(path, out DataViewSchema schema);
        using var engine = mlContext.Model.CreatePredictionEngine<ImageFile, Explanation>(model); // disposes of the model at its end
        Explanation explanation = engine.Predict(new ImageFile { Path = image });
        Console.WriteLine($"{explanation.Class}, {explanation.Score.Max():P0}; strongest pixel {explanation.Saliency.Max():G3}");
        #endregion
        Assert.IsNotNull(schema.GetColumnOrNull("Path"));
        return explanation;
    }

    #region Service
    /// <summary>For requests on any thread. The model ends with Saliency { OverlayPngColumnName = "OverlayPng" }.</summary>
    public sealed class Service<TImage>(MLContext mlContext, ITransformer model)
        where TImage : class
    {
        private readonly ConcurrentBag<PredictionEngine<TImage, Answer>> pool = [];

        public byte[] Overlay(TImage image)
        {
            if (!pool.TryTake(out PredictionEngine<TImage, Answer>? engine))
            {
                engine = mlContext.Model.CreatePredictionEngine<TImage, Answer>(model, new PredictionEngineOptions { OwnsTransformer = false });
            }

            byte[] png = engine.Predict(image).OverlayPng;
            pool.Add(engine); // its next request leaves these bytes as they are; an MLImage it would free
            return png;
        }
    }

    public sealed class Answer
    {
        public byte[] OverlayPng { get; set; } = [];
    }
    #endregion

    #region Types
    public sealed class ImageFile
    {
        public string Path { get; set; } = "";

        public string Label { get; set; } = "";
    }

    public sealed class Explanation
    {
        public string Class { get; set; } = "";

        public float[] Score { get; set; } = [];

        public float[] Saliency { get; set; } = [];
    }
    #endregion
}
