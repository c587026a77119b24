using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

/// <summary>What every attack of <see cref="AttackTable"/> promises, on smooth and on ReLU networks.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class AttackLaws
{
    private static readonly IThreatModel[] Balls = [new LinfBall(0.05), new L2Ball(0.4)];

    public static IEnumerable<object[]> Cases
        => from row in Enumerable.Range(0, AttackTable.Rows.Count) from relu in new[] { false, true } select new object[] { row, relu };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AttackedImagesAreInsideBallAndBounds(int row, bool relu)
    {
        foreach (ScalarType type in new[] { ScalarType.Float64, ScalarType.Float32 })
        foreach (IThreatModel ball in Balls)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = Network(relu, type);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using AttackResult result = Perturb(AttackTable.Rows[row].WithThreatModel(ball), network, images, classes);
            Assert.AreEqual(type, result.Images.dtype);
            CollectionAssert.AreEqual(new long[] { 3 }, result.Valid.shape);
            Assert.AreEqual(ScalarType.Float64, result.Gain.dtype);
            for (int i = 0; i < 3; i++)
            {
                Assert.IsTrue(ThreatModelTable.NormOf(ball)(Values.Of(result.Images[i] - images[i])) <= ball.Radius + 1e-6);
                Assert.IsTrue(Values.Of(result.Images[i]).All(value => value is >= 0 and <= 1));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void RadiusZeroGivesTheImageBack(int row, bool relu)
    {
        foreach (IThreatModel ball in Balls)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = Network(relu);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using AttackResult result = Perturb(AttackTable.Rows[row].WithThreatModel(ball.WithRadius(0)), network, images, classes);
            Values.AreClose(images, result.Images, 0);
            Assert.IsTrue(result.Valid.all().ToBoolean());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ThePredictionIsKeptWhereValidAndTheImageWhereNot(int row, bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, count: 12);
        IAttributionAttack attack = AttackTable.Rows[row].WithThreatModel(new LinfBall(0.5)); // large enough to change predictions
        using AttackResult result = Perturb(attack, network, images, classes);
        bool keeps = attack is AttributionAttack { KeepPrediction: true } or RandomNoise { KeepPrediction: true }
            or SquareAttack or WorstCaseAttack;
        Tensor before = network.Logits(images).argmax(1), after = network.Logits(result.Images).argmax(1);
        for (int i = 0; i < 12; i++)
        {
            bool valid = result.Valid[i].ToBoolean();
            Assert.IsTrue(valid || keeps, "without a demand on the prediction everything is valid");
            Assert.AreEqual(!valid, double.IsNaN(result.Gain[i].ToDouble()));
            if (keeps)
            {
                Assert.AreEqual(before[i].ToInt64(), after[i].ToInt64());
            }

            if (!valid)
            {
                Values.AreClose(images[i], result.Images[i], 0);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheGainIsThatOfTheResultAndNeverBelowTheStarts(int row, bool relu)
    {
        if (AttackTable.Rows[row] is not AttributionAttack attack)
        {
            return; // noise has no objective
        }

        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, count: 6);
        using AttackResult none = Perturb(attack with { Steps = 0, Restarts = 1 }, network, images, classes);
        using AttackResult some = Perturb(attack with { Restarts = 1 }, network, images, classes);
        using AttackResult more = Perturb(attack with { Restarts = 3 }, network, images, classes);
        for (int i = 0; i < 6; i++)
        {
            if (some.Valid[i].ToBoolean() && none.Valid[i].ToBoolean())
            {
                Assert.IsGreaterThanOrEqualTo(none.Gain[i].ToDouble(), some.Gain[i].ToDouble());
            }

            if (some.Valid[i].ToBoolean())
            {
                Assert.IsTrue(more.Valid[i].ToBoolean());
                Assert.IsGreaterThanOrEqualTo(some.Gain[i].ToDouble(), more.Gain[i].ToDouble(), "restarts never worsen");
            }
        }

        Assert.IsGreaterThan(0.0, (some.Gain - none.Gain).nan_to_num(0).sum().ToDouble(), "and steps help");
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ASeedRepeatsTheAttack(int row, bool relu)
    {
        TestDevice.RequireRepeatable();
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu, ScalarType.Float32);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using AttackResult first = Perturb(AttackTable.Rows[row], network, images, classes),
            second = Perturb(AttackTable.Rows[row], network, images, classes);
        Assert.IsTrue(first.Images.eq(second.Images).all().ToBoolean());
        Assert.IsTrue(first.Valid.eq(second.Valid).all().ToBoolean());
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ImagesAreAttackedEachByItself(int row, bool relu)
    {
        if (AttackTable.Rows[row] is TargetMapAttack { Target: NextImageTarget })
        {
            return; // looks at its neighbour by its definition
        }

        if (AttackTable.Rows[row] is DivergenceAttack or CorrelationAttack { CrossEntropyShare: 0 })
        {
            return; // at the image itself their objective is at its smallest, and its gradient all rounding
        }

        // Without random starts an image's attack is the same alone and in company.
        IAttributionAttack attack = AttackTable.Rows[row] is AttributionAttack walk
            ? walk with { RandomStart = false, Restarts = 1 }
            : AttackTable.Rows[row].WithThreatModel(new LinfBall(0));
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using AttackResult together = Perturb(attack, network, images, classes);
        for (int i = 0; i < 3; i++)
        {
            using AttackResult alone = Perturb(attack, network, images.narrow(0, i, 1), classes.narrow(0, i, 1));
            Values.AreClose(together.Images.narrow(0, i, 1), alone.Images, 1e-7);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void NothingIsLeftBehind(int row, bool relu)
    {
        IAttributionAttack attack = AttackTable.Rows[row];
        using ImageNetwork inner = Network(relu);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        network.Backbone.train();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using Tensor tooFew = classes.narrow(0, 0, 2).clone();
        Perturb(attack, network, images, classes).Dispose(); // what is made once, is made
        int calls = counter.Calls;
        NetworkState state = NetworkState.Of(network);

        Perturb(attack, network, images, classes).Dispose();
        state.IsUnchanged("normal");

        Assert.ThrowsExactly<ArgumentException>(() => Perturb(attack, network, images, tooFew));
        state.IsUnchanged("wrong class");

        for (int failing = 1; failing <= Math.Min(calls, 4); failing++)
        {
            counter.Reset();
            counter.FailingCall = failing;
            Assert.ThrowsExactly<InvalidOperationException>(() => Perturb(attack, network, images, classes));
            counter.FailingCall = 0;
            state.IsUnchanged($"network throws at call {failing}");
        }

        using (var scope = NewDisposeScope())
        {
            Perturb(attack, network, images, classes);
        }

        state.IsUnchanged("the caller's dispose scope owns the result");
        Assert.AreEqual(0, counter.TrainingCalls + counter.TrainableCalls, "attacks look at the network in evaluation mode, with frozen parameters");
        images.Dispose();
        classes.Dispose();
    }

    private static AttackResult Perturb(IAttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes)
    {
        using var generator = new Generator(11, CPU);
        return attack.Perturb(network, images, classes, generator);
    }

    private static ImageNetwork Network(bool relu, ScalarType type = ScalarType.Float64)
        => TinyNetworks.Convolutional(2, relu ? Activation.Relu : null, type: type);
}
