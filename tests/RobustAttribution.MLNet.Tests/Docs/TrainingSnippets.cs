using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to about training.</summary>
internal static class TrainingSnippets
{
    public static ITransformer Choose(MLContext mlContext, IDataView train, int epochs)
    {
        #region Choose
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new()
            {
                Network = new SmallConvNetArchitecture { Pooling = Pooling.Average }, // maxima over a constant background have ties
                Activation = Activation.Softplus(3), // the cheapest step towards steadier maps: no other objective, another network
                Objective = new CrossEntropy(),
                Epochs = epochs,
            }));
        #endregion
        return pipeline.Fit(train);
    }

    public static ITransformer ChooseRobust(MLContext mlContext, IDataView train, int epochs)
    {
        #region ChooseRobust
        var robust = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new()
            {
                Network = new SmallConvNetArchitecture { Pooling = Pooling.Average },
                Objective = new AdversarialAttributionTraining // softplus β = 3 is what it trains with
                {
                    Weight = 15, // of 1 − correlation, beside the cross-entropy
                    Attack = new() { Steps = 3, Step = new SteepestStep(4.0 / 255), Attribution = new InputGradient() }, // the map that is shown
                },
                Epochs = epochs,
            }));
        #endregion
        return robust.Fit(train);
    }

    public static void Tune(MLContext mlContext, IDataView train, IDataView validation, int epochs)
    {
        #region Tune
        foreach (double weight in new[] { 0.1, 0.3, 1.0, 3.0 })
        {
            var trainer = mlContext.Transforms.RobustImageClassification(new()
            {
                Objective = new LocalGradientAlignment { CosineWeight = weight },
                Epochs = epochs,
                Seed = 1, // the same start, order and noise for each weight
            });
            using RobustAttributionModelTransformer model = trainer.Fit(train);
            IDataView scored = model.Transform(validation);
            double accuracy = mlContext.MulticlassClassification.Evaluate(scored).MicroAccuracy;
            AttributionRobustnessMetrics robustness = mlContext.MulticlassClassification.EvaluateAttributionRobustness(scored, new TopKAttack { Steps = 20 });
            Console.WriteLine($"w_cos {weight}: accuracy {accuracy:F3}, top-100 {robustness.Of<TopKIntersection>().Mean:F3}, Kendall τ {robustness.Of<KendallTau>().Mean:F3}");
        }
        #endregion
    }

    public static RobustAttributionImageClassificationTrainer Watch(MLContext mlContext, int epochs)
    {
        #region Watch
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Objective = new LocalGradientAlignment(),
            Epochs = epochs,
            MetricsCallback = progress =>
            {
                if (progress is EpochProgress epoch)
                {
                    Console.WriteLine($"epoch {epoch.Epoch}: accuracy {epoch.Accuracy:F3}, " + string.Join(", ", epoch.LossTerms.Select(term => $"{term.Key} {term.Value:F4}")));
                }
            },
        });
        #endregion
        return trainer;
    }

    public static RobustAttributionImageClassificationTrainer Faster(MLContext mlContext, int epochs)
    {
        #region Faster
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Objective = new LocalGradientAlignment(),
            Precision = Precision.BFloat16, // convolutions and linear layers of a step; weights and their updates stay float32
            Epochs = epochs,
        });
        #endregion
        return trainer;
    }

    public static MLContext Gpu()
    {
        #region Gpu
        var mlContext = new MLContext(seed: 1)
        {
            GpuDeviceId = 0,      // null, the default, means the CPU
            FallbackToCpu = true, // false: an error where GPU 0 is missing
        };
        #endregion
        return mlContext;
    }

    public static RobustAttributionImageClassificationTrainer Large(MLContext mlContext, string folder, string checkpoints)
    {
        #region Large
        IDataView train = mlContext.Data.LoadImageFolders(folder, options: new() { LabelsAsKey = true });
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Network = NetworkArchitecture.ResNet18,
            Input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] },
            Augmentation = new Compose([new RandomResizedCrop(), new HorizontalFlip()]),
            Epochs = 90,
            Seed = 1,
            CacheBudgetInBytes = 8L << 30,                                     // 8 GiB
            Checkpoints = new CheckpointOptions(checkpoints) { EveryMinutes = 15 },
        });
        #endregion
        _ = train;
        return trainer;
    }
}
