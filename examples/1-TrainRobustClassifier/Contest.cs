using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>Trains one contestant in an ML.NET pipeline and measures it.</summary>
internal static class Contest
{
    public static Outcome Run(MLContext context, Images images, DemoOptions options, Contestant contestant, TrainingDisplay display, IAnsiConsole console, CancellationToken cancellation)
    {
        var watch = new Stopwatch();
        ITransformer model = display.Run($"with {contestant.Name} ({contestant.Network})", report =>
        {
            var pipeline = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
                {
                    Network = new SmallConvNetArchitecture { Pooling = contestant.Pooling },
                    Objective = contestant.Objective,
                    Activation = contestant.Activation,
                    Epochs = options.Epochs,
                    BatchSize = options.BatchSize,
                    LearningRate = options.LearningRate,
                    ValidationSet = images.Validation,
                    Seed = options.Seed,
                    MetricsCallback = report,
                    CancellationToken = cancellation,
                    OnCancellation = Training.CancellationBehavior.KeepBest,
                })
                .Append(context.Transforms.Saliency())
                .Append(context.Transforms.CopyColumns("PredictedKey", "PredictedLabel"))
                .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
            watch.Start();
            ITransformer fitted = pipeline.Fit(images.Training);
            watch.Stop();
            return fitted;
        });

        if (cancellation.IsCancellationRequested)
        {
            string path = Path.Combine(options.Output, "model.zip");
            context.Model.Save(model, images.Training.Schema, path);
            console.WriteLine($"Written: {path}, with the best weights until the training was stopped");
            cancellation.ThrowIfCancellationRequested();
        }

        // ML.NET's own evaluation works on the columns as on those of any other classifier.
        MulticlassClassificationMetrics accuracy = context.MulticlassClassification.Evaluate(model.Transform(images.Test), predictedLabelColumnName: "PredictedKey");

        IDataView scored = model.Transform(images.Attacked);
        return new WorkDisplay(console).Run("Attacking its explanations", tell =>
        {
            IDataView topK = context.Data.Cache(Watched(Attack(context, scored, new TopKAttack()), 0, "top-k attack"));
            IDataView targetMap = Watched(Attack(context, scored, new TargetMapAttack { ThreatModel = new LinfBall(16.0 / 255), Steps = 50 }), 0.5, "target-map attack");
            AttributionRobustnessMetrics underTopK = context.MulticlassClassification.EvaluateAttributionRobustness(topK);
            List<AttackedRow> attacked = [.. context.Data.CreateEnumerable<AttackedRow>(topK, reuseRowObject: false)];
            AttributionRobustnessMetrics underTargetMap = context.MulticlassClassification.EvaluateAttributionRobustness(targetMap);
            return new Outcome(contestant, model, attacked)
            {
                Accuracy = accuracy.MicroAccuracy,
                TopKIntersection = underTopK.Similarities["TopKIntersection"].Mean,
                KendallTau = underTopK.Similarities["KendallTau"].Mean,
                TargetMapPearson = underTargetMap.Similarities["PearsonCorrelation"].Mean,
                TrainingTime = watch.Elapsed,
            };

            IDataView Watched(IDataView view, double before, string attack) => new WatchedRows(view, options.TestImages, share => tell(before + (share / 2), attack), cancellation);
        });
    }

    private static IDataView Attack(MLContext context, IDataView scored, IAttributionAttack attack)
    {
        // MapKeyToValue comes first: ML.NET's own transforms read rows ahead, and after ours they would hide how far the attack is.
        var pipeline = context.Transforms.Conversion.MapKeyToValue("LabelName", "Label")
            .Append(context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = attack }))
            .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { ImageColumnName = "AttackedImage", OutputColumnName = "AttackedSaliency" }));
        return pipeline.Fit(scored).Transform(scored);
    }
}
