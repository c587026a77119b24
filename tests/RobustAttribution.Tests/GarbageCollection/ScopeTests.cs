using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.GarbageCollection;

/// <summary>No tensor is made outside a dispose scope, where the garbage collector may free it under the native call, whatever scope the caller is in.</summary>
[TestClass]
public sealed class ScopeTests
{
    [TestMethod]
    public void NoTensorIsMadeOutsideADisposeScope()
    {
        using ImageNetwork network = TinyNetworks.Residual();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using var generator = new Generator(1, CPU);
        using Tensor map = images.sum(1), compared = rand(3, 9, 10, generator: generator), radius = network.NormalizedRadius(0.1);
        using ImageNetwork trained = TinyNetworks.Residual(channels: 1, size: 6, classes: TrainingProblems.Classes);
        TensorBatchSource source = TrainingProblems.Images(8);
        List<string> outside = [];
        See(AttributionTable.Rows, method => method.Attribute(network, images, classes));
        See(AttributionTable.Rows, method => new SaliencyMap(method, new MapReduction(MapSign.Absolute, MapScale.Max)).OfPredicted(network, images));
        See(AttributionTable.Baselines, baseline => baseline.For(images, network.Input), results: 1);
        See(AttackTable.Rows, attack => attack.Perturb(network, images, classes, generator));
        See(AttackTable.Targets, target => target.Create(map), results: 1);
        See(ThreatModelTable.Rows, row => row.ThreatModel.RandomStart(images, network.Input, generator));
        See(ThreatModelTable.Rows, row => row.ThreatModel.Step(images, images, 0.1));
        See(ThreatModelTable.Rows, row => row.ThreatModel.Project(images, images, network.Input));
        See(ObjectiveTable.Rows, row => row.Objective.Evaluate(network, images, classes, generator));
        See(ObjectiveTable.Perturbations, perturbation => perturbation.Draw(images, radius, generator));
        See(SimilarityTable.Rows, row => row.Similarity.Compare(compared, compared));
        See([new DeletionCurve { Steps = 3 }], curve => curve.Measure(network, images, classes, map));
        See([new HessianNorm { Draws = 2 }], norm => norm.Measure(network, images, classes, generator));
        See([RobustnessMeasurement.RandomPerturbation(draws: 2)], measurement => measurement.MeasureBatch(network, images, classes, generator));
        See([images], other => UpperBoundReport.Measure(network, images, other, classes));
        See([network], own => own.Normalize(images));
        See([network], own => own.Logits(images));
        See([new TrainingOptions { Epochs = 2, BatchSize = 4 }], options => new RobustTrainer(options).Fit(trained, source, source));
        Assert.IsEmpty(outside, string.Join(Environment.NewLine, outside));

        // Where one operation makes the result, it is made in the caller's scope.
        void See<T, TResult>(IEnumerable<T> rows, Func<T, TResult> compute, int results = 0)
        {
            foreach (T row in rows)
            {
                long before = DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;
                _ = compute(row);
                long made = DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount - before;
                if (made > results)
                {
                    outside.Add($"{made} by {row}");
                }
            }
        }
    }
}
