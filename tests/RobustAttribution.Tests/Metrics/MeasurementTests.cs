using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

/// <summary>The rows of a measurement against their definition.</summary>
[TestClass]
public sealed class MeasurementTests
{
    [TestMethod]
    public void ARowSaysWhatBecameOfOneImageUnderOneAttack()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TrainingProblems.Network();
        new RobustTrainer(new TrainingOptions { Epochs = 4, BatchSize = 16, LearningRate = 0.01 }).Fit(network, TrainingProblems.Images(60));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 10);
        Tensor Darken(Tensor images, double radius) => images * (1 - radius);
        var measurement = new RobustnessMeasurement
        {
            Attacks = [new ScriptedAttack(Darken, index => index != 1, new LinfBall(0.9)), new ScriptedAttack((images, _) => images.flip(2))],
            Similarities = [new PearsonCorrelation(), new MeanSquaredError()],
            KeepImages = true,
        };
        RobustnessRow[] rows = [.. measurement.Measure(network, new TensorBatchSource(images, classes), 4)];

        network.Backbone.eval();
        Tensor before = network.Logits(images).argmax(1);
        Tensor Map(Tensor images) => new InputGradient().Attribute(network, images, before).abs().sum(1);
        Tensor[] attacked = [Darken(images, 0.9), images.flip(2)];
        Assert.HasCount(20, rows);
        foreach (RobustnessRow row in rows)
        {
            int image = (int)row.Image;
            Tensor moved = attacked[row.Attack];
            Assert.AreEqual(classes[image].item<long>(), row.Label);
            Assert.AreEqual(before[image].item<long>(), row.PredictedBefore);
            Assert.AreEqual(network.Logits(moved).argmax(1)[image].item<long>(), row.PredictedAfter);
            Assert.AreEqual(row.Attack == 1 || image % 4 != 1, row.Valid, "the second image of each batch has no valid iterate");
            for (int i = 0; i < 2; i++)
            {
                double expected = row.Valid ? Values.Of(measurement.Similarities[i].Compare(Map(images), Map(moved)))[image] : double.NaN;
                Values.AreClose([expected], [row.Similarities[i]], 1e-12);
            }

            Values.AreClose(Values.Of(moved[image]), [.. row.AttackedImage.ToArray().Select(value => (double)value)], 1e-6);
            Values.AreClose(Values.Of(Map(moved)[image]), [.. row.AttackedMap.ToArray().Select(value => (double)value)], 1e-6);
        }

        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 8, 9 }, rows.Select(row => row.Image).ToArray());
        Assert.IsTrue(rows.Any(row => row.PredictedAfter != row.PredictedBefore));
        Assert.IsTrue((measurement with { KeepImages = false }).Measure(network, new TensorBatchSource(images, classes), 4)
            .All(row => row.AttackedImage.IsEmpty && row.AttackedMap.IsEmpty));
    }

    [TestMethod]
    public void TheTrueClassIsExplainedAndAttackedWhereAskedFor()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, _) = TinyNetworks.Batch(network, 6);
        Tensor wrong = (network.Logits(images).argmax(1) + 1).remainder(4);
        using var generator = new Generator(4);
        var measurement = new RobustnessMeasurement
        {
            Attacks = [new ScriptedAttack((images, _) => images * 0.5)],
            Similarities = [new CosineSimilarity()],
            AttackTrueClass = true,
        };
        IReadOnlyList<RobustnessRow> rows = measurement.MeasureBatch(network, images, wrong, generator);
        network.Backbone.eval();
        Tensor Map(Tensor images) => new InputGradient().Attribute(network, images, wrong).abs().sum(1);
        Values.AreClose(
            Values.Of(new CosineSimilarity().Compare(Map(images), Map(images * 0.5))), [.. rows.Select(row => row.Similarities[0])], 1e-12);
        Assert.IsFalse(rows.Any(row => row.IsCorrect));

        IReadOnlyList<RobustnessRow> unknown = measurement.MeasureBatch(network, images, full_like(wrong, -1), generator);
        Assert.IsTrue(unknown.All(row => row.Label == -1 && !row.IsCorrect && !row.StaysCorrect));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentNullException>(() => measurement.MeasureBatch(network, images, null, generator)).Message, "AttackTrueClass");
    }

    [TestMethod]
    public void PassesThatNothingNeedsAreNotMade()
    {
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(TinyNetworks.Convolutional());
        using IDisposable owned = network;
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3);
        using var generator = new Generator(4);
        var measurement = new RobustnessMeasurement
        {
            Attacks = [new ScriptedAttack((images, _) => images), new ScriptedAttack((images, _) => images)],
            Similarities = [],
        };
        Assert.AreEqual(3, Calls(measurement), "one pass for the images, one for each attack");
        Assert.AreEqual(3, Calls(measurement with { Similarities = [new CosineSimilarity()] }), "the map's pass gives the prediction, too");
        var noisy = new SmoothGrad { Samples = 2 };
        noisy.Attribute(network, images, classes); // the first time it measures how many copies fit into one pass
        Assert.AreEqual(
            6,
            Calls(measurement with { Similarities = [new CosineSimilarity()], Map = new SaliencyMap(noisy) }),
            "noisy copies are not the images themselves: one pass more for each");

        int Calls(RobustnessMeasurement measurement)
        {
            counter.Reset();
            measurement.MeasureBatch(network, images, classes, generator);
            return counter.Calls;
        }
    }

    [TestMethod]
    public void DrawsDependOnTheSeedAndTheImagesOfTheBatch()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 8);
        var measurement = new RobustnessMeasurement
        {
            Attacks = [new TopKAttack { K = 9, Steps = 2, RandomStart = true, Restarts = 2 }, new RandomNoise()],
            Similarities = [new CosineSimilarity()],
        };
        double[] Numbers(long start, long count, long seed = 0) =>
        [
            .. measurement.Measure(network, new TensorBatchSource(images.narrow(0, start, count), classes.narrow(0, start, count)), 4, seed)
                .Select(row => row.Similarities[0]),
        ];
        CollectionAssert.AreEqual(Numbers(4, 4).Concat(Numbers(0, 4)).ToArray(), Numbers(0, 8)[8..].Concat(Numbers(0, 8)[..8]).ToArray());
        CollectionAssert.AreNotEqual(Numbers(0, 4), Numbers(0, 4, seed: 1));
    }

    [TestMethod]
    public void AnImageIsDrawnAlikeInAnyBatch()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 8);
        var measurement = new RobustnessMeasurement
        {
            Attacks =
            [
                new RandomNoise(), new RandomNoise { ThreatModel = new L2Ball(0.5) }, new TopKAttack { K = 9, Steps = 0, Restarts = 3 },
                new SquareAttack { Queries = 9, Judge = new CosineSimilarity() },
            ],
            Similarities = [new CosineSimilarity()],
            KeepImages = true,
        };
        var source = new TensorBatchSource(images, classes);
        RobustnessRow[][] found = [.. new[] { 8, 3, 1 }.Select(size => measurement.Measure(network, source, size)
            .OrderBy(row => row.Attack).ThenBy(row => row.Image).ToArray())];
        foreach (RobustnessRow[] rows in found[1..])
        {
            Values.AreClose([.. found[0].Select(row => row.Similarities[0])], [.. rows.Select(row => row.Similarities[0])], 1e-9);
            Values.AreClose(Pixels(found[0]), Pixels(rows), 1e-12);
        }

        static double[] Pixels(RobustnessRow[] rows) => [.. rows.SelectMany(row => row.AttackedImage.ToArray()).Select(value => (double)value)];
    }

    [TestMethod]
    public void WhatIsWrongIsSaidBeforeTheFirstRow()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        var source = new TensorBatchSource(images, classes);
        Assert.ThrowsExactly<ArgumentNullException>(() => new RobustnessMeasurement().Measure(null!, source, 4));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RobustnessMeasurement().Measure(network, source, 0));
        Assert.ThrowsExactly<ArgumentNullException>(() => new RobustnessMeasurement { Attacks = null! });
        var cancelled = new CancellationToken(canceled: true);
        var fitting = new RobustnessMeasurement { Attacks = [new TopKAttack { K = 9 }], Similarities = [] };
        Assert.ThrowsExactly<OperationCanceledException>(() => fitting.Measure(network, source, 4, 0, cancelled).Count());
        Assert.AreEqual(
            "Attacks[0] is a TopKAttack: K is 100; allowed is less than the 64 pixels of the map.",
            Assert.ThrowsExactly<ArgumentException>(() => new RobustnessMeasurement().Measure(network, source, 4)).Message);
    }

    [TestMethod]
    public void AMapThatIsNotFiniteIsNamedWithItsMethodImageAndNetwork()
    {
        using IDisposable scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> steep = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, hasBias: false));
        using (no_grad())
        {
            steep.parameters().Single().fill_(3e38); // finite, and so are the logits of gray images; their gradient, divided by 0.5, is not
        }

        using var network = new ImageNetwork(steep, new InputSpecification(1, 2, 2), 2);
        var measurement = new RobustnessMeasurement { Attacks = [new RandomNoise()], Similarities = [new PearsonCorrelation()] };
        var source = new TensorBatchSource(full([3, 1, 2, 2], 0.5f), zeros(3, ScalarType.Int64));
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => measurement.Measure(network, source, 3).Count()).Message;
        StringAssert.Contains(message, "InputGradient computed a map with NaN or infinity for row 0; maps must be finite");
        StringAssert.Contains(message, "The logits of the network");
    }

    [TestMethod]
    public void SecurityPointsOfShardsMergeToThoseOfTheWhole()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 12);
        using var generator = new Generator(4);
        var curve = new SecurityCurve
        {
            Radii = [0, 0.25],
            PredictionAttack = new ScriptedAttack((images, radius) => (images + radius).clamp(0, 1)),
            ExplanationAttack = new ScriptedAttack((images, radius) => images * (1 - radius), index => index != 1),
            Similarities = [new PearsonCorrelation(), new CosineSimilarity()],
        };
        IReadOnlyList<SecurityPoint> whole = curve.Measure(network, new TensorBatchSource(images, classes), 3, generator);
        IReadOnlyList<SecurityPoint>[] parts = [.. Enumerable.Range(0, 4).Select(i => curve.Measure(
            network, new TensorBatchSource(images.narrow(0, 3 * i, 3), classes.narrow(0, 3 * i, 3)), 3, generator))];
        for (int i = 0; i < 2; i++)
        {
            SecurityPoint merged = parts[2][i].Merge(parts[0][i]).Merge(parts[3][i].Merge(parts[1][i]));
            Assert.AreEqual((whole[i].Radius, whole[i].Accuracy, whole[i].Count, whole[i].Valid), (merged.Radius, merged.Accuracy, merged.Count, merged.Valid));
            CollectionAssert.AreEqual(whole[i].Similarities.ToArray(), merged.Similarities.ToArray());
        }

        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => whole[0].Merge(whole[1])).Message, "Radius: 0 against 0.25.");
        IReadOnlyList<SecurityPoint> other = (curve with { Similarities = [new CosineSimilarity()] }).Measure(
            network, new TensorBatchSource(images, classes), 3, generator);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => whole[0].Merge(other[0])).Message, "Similarities: 2 against 1 values.");
        IReadOnlyList<SecurityPoint> attacked = (curve with { PredictionAttack = new ProjectedGradientDescent { Steps = 9 } }).Measure(
            network, new TensorBatchSource(images, classes), 3, generator);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => whole[0].Merge(attacked[0])).Message, "PredictionAttack: ScriptedAttack against ProjectedGradientDescent.");
    }
}
