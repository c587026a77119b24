using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

[TestClass]
[TestCategory("Gpu")]
public sealed class ThreatModelLaws
{
    private static readonly InputSpecification Input = TinyNetworks.Input();

    public static IEnumerable<object[]> Cases
        => from row in Enumerable.Range(0, ThreatModelTable.Rows.Count)
           from type in new[] { ScalarType.Float32, ScalarType.Float64 }
           from radius in new[] { 0, 0.03, 0.6, ThreatModelTable.Rows[row].ThreatModel is LinfBall ? 1 : 11 }
           select new object[] { row, type, radius };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void NothingLeavesBallOrBounds(int row, ScalarType type, double radius)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        IThreatModel ball = ThreatModelTable.Rows[row].ThreatModel.WithRadius(radius);
        Func<double[], double> norm = ThreatModelTable.Rows[row].Norm;
        Assert.AreEqual(radius, ball.Radius);
        Tensor origin = Uniform(generator, type, 0, 1), far = Uniform(generator, type, -9, 9), direction = Uniform(generator, type, -1, 1);
        foreach (Tensor point in new[]
        {
            ball.RandomStart(origin, Input, generator),
            ball.Project(far, origin, Input),
            ball.Project(ball.Step(origin, direction, 1.7), origin, Input),
        })
        {
            Assert.AreEqual(type, point.dtype);
            for (int i = 0; i < point.shape[0]; i++)
            {
                Assert.IsTrue(norm(Values.Of(point[i] - origin[i])) <= radius + ((type == ScalarType.Float32 ? 1e-6 : 1e-12) * (1 + radius)));
                Assert.IsTrue(Values.Of(point[i]).All(value => value is >= 0 and <= 1));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ProjectingTwiceIsProjectingOnce(int row, ScalarType type, double radius)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        IThreatModel ball = ThreatModelTable.Rows[row].ThreatModel.WithRadius(radius);
        Tensor origin = Uniform(generator, type, 0, 1);
        Tensor once = ball.Project(Uniform(generator, type, -2, 3), origin, Input);
        Values.AreClose(once, ball.Project(once, origin, Input), type == ScalarType.Float32 ? 1e-6 : 1e-12);
        Values.AreClose(origin, ball.Project(origin, origin, Input), 0);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void RadiusZeroIsTheImage(int row, ScalarType type, double radius)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        IThreatModel point = ThreatModelTable.Rows[row].ThreatModel.WithRadius(radius).WithRadius(0);
        Tensor origin = Uniform(generator, type, 0, 1);
        Values.AreClose(origin, point.RandomStart(origin, Input, generator), 0);
        Values.AreClose(origin, point.Project(Uniform(generator, type, -2, 3), origin, Input), 0);
    }

    [TestMethod]
    public void ASeedRepeatsTheStart()
    {
        using var scope = NewDisposeScope();
        foreach ((IThreatModel ball, _) in ThreatModelTable.Rows)
        {
            Tensor[] starts = [.. new ulong[] { 1, 1, 2 }.Select(seed =>
            {
                using var generator = new Generator(seed, CPU);
                return ball.RandomStart(full([2, 2, 8, 8], 0.5), Input, generator);
            })];
            Values.AreClose(starts[0], starts[1], 0);
            Assert.IsFalse(starts[0].eq(starts[2]).all().ToBoolean());
        }
    }

    [TestMethod]
    public void AStepOfTheSteepestDirectionHasTheGivenLengthAndClimbsBest()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6, CPU);
        foreach ((IThreatModel ball, Func<double[], double> norm) in ThreatModelTable.Rows)
        {
            Tensor current = Uniform(generator, ScalarType.Float64, 0, 1), gradient = Uniform(generator, ScalarType.Float64, -1, 1) * 1e-12;
            Tensor step = ball.Step(current, gradient, 0.3) - current;
            for (int i = 0; i < current.shape[0]; i++)
            {
                double[] g = Values.Of(gradient[i]), s = Values.Of(step[i]);
                Assert.AreEqual(0.3, norm(s), 1e-12);
                double climb = g.Zip(s, (a, b) => a * b).Sum();
                for (int other = 0; other < 20; other++)
                {
                    Tensor noise = randn(current[i].shape, ScalarType.Float64, CPU, false, generator).to(TestDevice.Current);
                    double[] direction = Values.Of(noise + (gradient[i] * other * 1e12));
                    double scale = 0.3 / norm(direction);
                    Assert.IsTrue(climb >= g.Zip(direction, (a, b) => a * b * scale).Sum() - 1e-18);
                }
            }
        }
    }

    [TestMethod]
    public void AZeroGradientStays()
    {
        using var scope = NewDisposeScope();
        foreach ((IThreatModel ball, _) in ThreatModelTable.Rows)
        {
            Tensor current = full([2, 2, 8, 8], 0.25);
            Values.AreClose(current, ball.Step(current, zeros_like(current), 1), 0);
        }
    }

    [TestMethod]
    [DataRow(-1.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void AnImpossibleRadiusIsNamed(double radius)
    {
        foreach ((IThreatModel ball, _) in ThreatModelTable.Rows)
        {
            ArgumentOutOfRangeException error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ball.WithRadius(radius));
            StringAssert.Contains(error.Message, "Radius");
        }
    }

    private static Tensor Uniform(Generator generator, ScalarType type, double low, double high)
        => (rand([3, 2, 8, 8], ScalarType.Float64, CPU, false, generator) * (high - low) + low).to(type, TestDevice.Current);
}
