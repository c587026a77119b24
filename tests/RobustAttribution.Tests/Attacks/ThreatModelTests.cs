using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attacks;

[TestClass]
public sealed class ThreatModelTests
{
    private static readonly InputSpecification Input = TinyNetworks.Input();

    [TestMethod]
    public void LinfProjectionClampsValueByValue()
    {
        using var scope = NewDisposeScope();
        Tensor origin = Random(1, 0, 1), candidate = Random(2, -1, 2);
        double[] expected = [.. Values.Of(origin)
            .Zip(Values.Of(candidate), (o, c) => Math.Min(Math.Max(Math.Min(Math.Max(c, o - 0.2), o + 0.2), 0), 1))];
        Values.AreClose(expected, Values.Of(new LinfBall(0.2).Project(candidate, origin, Input)), 1e-15);
    }

    [TestMethod]
    public void L2ProjectionShrinksTheOffsetThenClamps()
    {
        using var scope = NewDisposeScope();
        Tensor origin = Random(3, 0, 1), candidate = Random(4, 0, 1);
        candidate[1] = origin[1] + 0.001; // inside the ball: stays
        Tensor projected = new L2Ball(0.7).Project(candidate, origin, Input);
        for (int n = 0; n < 3; n++)
        {
            double[] o = Values.Of(origin[n]), c = Values.Of(candidate[n]);
            double norm = Math.Sqrt(o.Zip(c, (a, b) => (b - a) * (b - a)).Sum());
            double[] expected = [.. o.Zip(c, (a, b) => Math.Clamp(a + ((b - a) * Math.Min(1, 0.7 / norm)), 0, 1))];
            Values.AreClose(expected, Values.Of(projected[n]), 1e-14);
        }
    }

    [TestMethod]
    public void NoPointOfTheL2BallIsNearerThanTheProjection()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        var unbounded = Input with { LowerBound = -100, UpperBound = 100 };
        Tensor origin = Random(6, 0, 1), candidate = Random(7, -2, 3);
        var ball = new L2Ball(0.8);
        Tensor nearest = (ball.Project(candidate, origin, unbounded) - candidate).flatten(1).norm(1);
        for (int draw = 0; draw < 200; draw++)
        {
            Tensor other = ball.RandomStart(origin, unbounded, generator);
            Assert.IsTrue(((other - candidate).flatten(1).norm(1) >= nearest).all().ToBoolean());
        }
    }

    [TestMethod]
    public void LinfStartsAreUniformInTheBall()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(8, CPU);
        double[] offsets = [.. Values.Of(new LinfBall(0.1).RandomStart(full([400, 2, 8, 8], 0.5, ScalarType.Float64), Input, generator))
            .Select(value => (value - 0.5) / 0.1)];
        Assert.AreEqual(0, offsets.Average(), 0.01);
        Assert.AreEqual(1.0 / 3, offsets.Average(value => value * value), 0.01);
        Assert.AreEqual(0.25, offsets.Count(value => value < -0.5) / (double)offsets.Length, 0.01);
    }

    [TestMethod]
    public void RadiiAndStepsBeyondAllImagesAreRefused()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LinfBall(8)).Message, "Radius is 8; allowed is a number from 0 to 1 in pixel units, so that 8 of 255 levels are 8.0 / 255");
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(); // of images of 36 or more values
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        using var generator = new Generator(3, CPU);
        double largest = Math.Sqrt(network.Input.ValueCount);
        foreach (IAttributionAttack attack in new IAttributionAttack[] { new TopKAttack { K = 3, Steps = 1 }, new RandomNoise(), new SquareAttack { Judge = new TopKIntersection(3), Queries = 2 }, new ProjectedGradientDescent { Steps = 1 } })
        {
            attack.WithThreatModel(new L2Ball(largest)).Perturb(network, images, classes, generator).Dispose();
            string message = Assert.ThrowsExactly<ArgumentException>(() => attack.WithThreatModel(new L2Ball(128)).Perturb(network, images, classes, generator)).Message;
            StringAssert.StartsWith(message, "The Radius of L2Ball is 128; allowed for images of ");
            StringAssert.Contains(message, FormattableString.Invariant($"is a number from 0 to {largest:G4},"));
        }

        string step = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => new TopKAttack { K = 3, Step = new SteepestStep(2) }.Perturb(network, images, classes, generator)).Message;
        StringAssert.Contains(step, "Step.Size is 2; allowed is a number from 0 to 1 in pixel units");
        new TopKAttack { K = 3, Steps = 1, Step = new SteepestStep(2), ThreatModel = new L2Ball(3) }.Perturb(network, images, classes, generator).Dispose();
        var curve = new SecurityCurve { Radii = [0, 8], ExplanationAttack = new TopKAttack { K = 3, Steps = 1 }, Similarities = [new TopKIntersection(3)] };
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => curve.Measure(network, new TensorBatchSource(images, classes), 2, generator)).Message, "Radius is 8; allowed");
    }

    [TestMethod]
    public void L2StartsAreUniformInTheBall()
    {
        // In d dimensions (‖δ‖/ε)^d is uniform on [0, 1], and every direction is as likely as its opposite.
        using var scope = NewDisposeScope();
        using var generator = new Generator(9, CPU);
        var input = new InputSpecification(1, 1, 3);
        Tensor offset = (new L2Ball(0.3).RandomStart(full([20000, 1, 1, 3], 0.5, ScalarType.Float64), input, generator) - 0.5).flatten(1) / 0.3;
        double[] share = Values.Of(offset.norm(1).pow(3));
        Assert.AreEqual(0.5, share.Average(), 0.01);
        Assert.AreEqual(1.0 / 3, share.Average(value => value * value), 0.01);
        Values.AreClose(new double[3], Values.Of(offset.sum([0L]) / 20000), 0.02);
    }

    [TestMethod]
    public void L2KeepsTinyGradientsInFloat32()
    {
        using var scope = NewDisposeScope();
        Tensor current = full([1, 1, 2, 2], 0.5f), gradient = full([1, 1, 2, 2], 1e-30f);
        Values.AreClose([0.6, 0.6, 0.6, 0.6], Values.Of(new L2Ball().Step(current, gradient, 0.2)), 1e-6);
    }

    private static Tensor Random(ulong seed, double low, double high)
    {
        using var generator = new Generator(seed, CPU);
        return (rand([3, 2, 8, 8], ScalarType.Float64, CPU, false, generator) * (high - low)) + low;
    }
}
