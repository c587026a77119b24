using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
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
