using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The README's code, compiled and run: the text between the region marks is the README's, without the indentation.</summary>
internal static class ReadmeSnippets
{
    public static (AttributionRobustnessMetrics Robustness, MulticlassClassificationMetrics Accuracy) Pipeline(IDataView train, IDataView test, int epochs, string path)
    {
        #region Pipeline
        var mlContext = new MLContext(seed: 1);
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new() { Objective = new LocalGradientAlignment(), Epochs = epochs }))
            .Append(mlContext.Transforms.Saliency())
            .Append(mlContext.Transforms.AttributionAttack());
        ITransformer model = pipeline.Fit(train);

        IDataView explained = model.Transform(test);
        AttributionRobustnessMetrics robustness = mlContext.MulticlassClassification.EvaluateAttributionRobustness(explained);
        MulticlassClassificationMetrics accuracy = mlContext.MulticlassClassification.Evaluate(explained);
        Console.WriteLine(robustness);

        mlContext.Model.Save(model, train.Schema, path); // and Load, in another process that never saw the trainer
        #endregion
        ((IDisposable)model).Dispose();
        return (robustness, accuracy);
    }
}
