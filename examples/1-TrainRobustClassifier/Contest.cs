using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.ThreatModels;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>Trains one contestant in an ML.NET pipeline and measures it.</summary>
internal static class Contest
{
    public static Outcome Run(MLContext context, Pictures pictures, DemoOptions options, Contestant contestant, TrainingDisplay display, IAnsiConsole console, CancellationToken cancellation)
    {
        var watch = new Stopwatch();
        ITransformer model = display.Run($"with {contestant.Name} ({contestant.Activation})", report =>
        {
            var pipeline = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
                {
                    Network = KnownNetworks.SmallConvNet,
                    Objective = contestant.Objective,
                    Activation = contestant.Activation,
                    Epochs = options.Epochs,
                    BatchSize = options.BatchSize,
                    LearningRate = options.LearningRate,
                    ValidationSet = pictures.Validation,
                    Seed = (int)options.Seed,
                    MetricsCallback = report,
                    CancellationToken = cancellation,
                    OnCancellation = Training.CancellationBehavior.KeepBest,
                })
                .Append(context.Transforms.Saliency())
                .Append(context.Transforms.CopyColumns("PredictedKey", "PredictedLabel"))
                .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
            watch.Start();
            ITransformer fitted = pipeline.Fit(pictures.Training);
            watch.Stop();
            return fitted;
        });

        // ML.NET's own evaluation works on the columns as on those of any other classifier.
        MulticlassClassificationMetrics accuracy = context.MulticlassClassification.Evaluate(model.Transform(pictures.Test), predictedLabelColumnName: "PredictedKey");

        console.MarkupLine("  attacking its explanations");
        IDataView scored = model.Transform(pictures.Attacked);
        IDataView topK = context.Data.Cache(Attack(context, scored, new TopKAttack()));
        IDataView targetMap = Attack(context, scored, new TargetMapAttack { ThreatModel = new LinfBall(16.0 / 255), Steps = 50 });
        AttributionRobustnessMetrics underTopK = context.MulticlassClassification.EvaluateAttributionRobustness(topK);
        AttributionRobustnessMetrics underTargetMap = context.MulticlassClassification.EvaluateAttributionRobustness(targetMap);
        return new Outcome(contestant, model, [.. context.Data.CreateEnumerable<AttackedPicture>(topK, reuseRowObject: false)])
        {
            Accuracy = accuracy.MicroAccuracy,
            TopKIntersection = underTopK.Similarities["TopKIntersection"].Mean,
            KendallTau = underTopK.Similarities["KendallTau"].Mean,
            TargetMapPearson = underTargetMap.Similarities["PearsonCorrelation"].Mean,
            TrainingTime = watch.Elapsed,
        };
    }

    private static IDataView Attack(MLContext context, IDataView scored, IAttributionAttack attack)
    {
        var pipeline = context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = attack })
            .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { ImageColumnName = "AttackedImage", OutputColumnName = "AttackedSaliency" }))
            .Append(context.Transforms.Conversion.MapKeyToValue("LabelName", "Label"));
        return pipeline.Fit(scored).Transform(scored);
    }
}
