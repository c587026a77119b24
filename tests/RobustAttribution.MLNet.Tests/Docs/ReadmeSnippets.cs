using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The README's code, compiled and run: the text between the region marks is the README's, without the indentation.</summary>
internal static class ReadmeSnippets
{
    public static AttributionRobustnessMetrics Folder(string folder, int epochs, string modelPath, string overlayPath)
    {
        #region Train
        var mlContext = new MLContext(seed: 1);
        IDataView images = mlContext.Data.LoadImageFolders(folder); // folder/cat/1.jpg, folder/dog/2.png, …
        var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.2);
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new()
            {
                Input = new InputSpecification(3, 64, 64), // what the network sees: channels, height, width
                Network = new SmallConvNetArchitecture { Pooling = Pooling.Average }, // steadier maps than maxima give
                Objective = new LocalGradientAlignment(),
                Augmentation = new RandomCrop(), // shifts each image a little: few images teach more
                Epochs = epochs,
            }))
            .Append(mlContext.Transforms.Saliency(new() { OverlayPngColumnName = "Overlay", SourceImageColumnName = "Image" }));
        ITransformer model = pipeline.Fit(split.TrainSet);
        mlContext.Model.Save(model, images.Schema, modelPath); // and Load, in another process that never saw the trainer
        #endregion
        using var owned = (IDisposable)model;
        #region Explain
        IDataView explained = model.Transform(split.TestSet);
        byte[] overlay = explained.GetColumn<byte[]>("Overlay").First(); // a PNG file: the image at its own size, and over it what the network looked at
        File.WriteAllBytes(overlayPath, overlay);
        #endregion
        #region Measure
        AttributionRobustnessMetrics robustness = mlContext.MulticlassClassification.EvaluateAttributionRobustness(explained, new TopKAttack());
        MulticlassClassificationMetrics accuracy = mlContext.MulticlassClassification.Evaluate(explained);
        Console.WriteLine($"accuracy {accuracy.MicroAccuracy:P0}\n{robustness}");
        #endregion
        return robustness;
    }

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
