using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>HessianNormPenalty is trained through a third derivative: it is right, or refused, for what networks are built of.</summary>
[TestClass]
public sealed class ThirdDerivativeTests
{
    private static readonly Dictionary<string, Func<nn.Module<Tensor, Tensor>>> Parts = new()
    {
        ["ReLU"] = () => nn.ReLU(), ["ReLU in place"] = () => nn.ReLU(true), ["ReLU6"] = () => nn.ReLU6(), ["LeakyReLU"] = () => nn.LeakyReLU(0.1),
        ["Softplus"] = () => nn.Softplus(3), ["Softplus far out"] = () => nn.Softplus(3, 0.5), ["GELU"] = () => nn.GELU(), ["SiLU"] = () => nn.SiLU(), ["SiLU in place"] = () => nn.SiLU(true),
        ["Mish"] = () => nn.Mish(), ["Mish in place"] = () => nn.Mish(true), ["Hardswish"] = () => nn.Hardswish(), ["Hardswish in place"] = () => nn.Hardswish(true),
        ["ELU"] = () => nn.ELU(1), ["ELU in place"] = () => nn.ELU(1, true), ["CELU"] = () => nn.CELU(1), ["SELU"] = () => nn.SELU(), ["PReLU"] = () => nn.PReLU(1),
        ["Tanh"] = () => nn.Tanh(), ["Sigmoid"] = () => nn.Sigmoid(), ["LogSigmoid"] = () => nn.LogSigmoid(), ["Softsign"] = () => nn.Softsign(), ["Tanhshrink"] = () => nn.Tanhshrink(),
        ["Softshrink"] = () => nn.Softshrink(), ["GLU"] = () => nn.GLU(2), ["Hardsigmoid"] = () => nn.Hardsigmoid(),
        ["LayerNorm"] = () => nn.Sequential(nn.LayerNorm([6, 6]), nn.Softplus(1)), ["GroupNorm"] = () => nn.Sequential(nn.GroupNorm(2, 4), nn.Softplus(1)),
        ["BatchNorm"] = () => nn.Sequential(nn.BatchNorm2d(4), nn.Softplus(1)), ["BatchNorm in training mode"] = () => nn.Sequential(nn.BatchNorm2d(4), nn.Softplus(1)), ["InstanceNorm"] = () => nn.Sequential(nn.InstanceNorm2d(4), nn.Softplus(1)),
        ["MaxPool"] = () => nn.Sequential(nn.Softplus(1), nn.MaxPool2d(2)), ["AvgPool"] = () => nn.Sequential(nn.Softplus(1), nn.AvgPool2d(2)),
        ["Softmax"] = () => nn.Softmax(1), ["LogSoftmax"] = () => nn.LogSoftmax(1), ["Upsample"] = () => nn.Sequential(nn.Softplus(1), nn.Upsample([12, 12], mode: UpsampleMode.Bilinear)),
        ["in place"] = () => new Chain(x => x.softplus(2, 20).mul_(2).add_(1)),
    };

    // No second derivative, as SecondDerivative warns.
    private static readonly string[] Flat =
        ["ReLU", "ReLU in place", "ReLU6", "LeakyReLU", "PReLU", "Softshrink"];

    private static readonly Dictionary<string, string> Refused = new()
    {
        ["Hardsigmoid"] = "has no second derivative", ["Mish in place"] = "a value that its derivative needs is changed in place",
    };

    // libtorch takes their mean and variance as constants in the third derivative: a reliance, to be dropped when this is no longer so.
    private static readonly Dictionary<string, string> Wrong = new()
    {
        ["LayerNorm"] = "LayerNorm 'part.0'", ["InstanceNorm"] = "InstanceNorm2d 'part.0'", ["BatchNorm in training mode"] = "BatchNorm2d 'part.0'",
    };

    public static IEnumerable<object[]> Names => Parts.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ThePenaltyIsTrainedByItsGradientOrRefused(string name)
    {
        const double Step = 1e-5;
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(Network(Parts[name]()), new InputSpecification(1, 8, 8), 3);
        network.MoveTo(CPU, ScalarType.Float64);
        using var weights = new Generator(5);
        using (no_grad())
        {
            foreach (Tensor parameter in network.Backbone.parameters())
            {
                parameter.copy_(randn(parameter.shape, dtype: ScalarType.Float64, generator: weights) * 0.5);
            }
        }

        Tensor images = rand([2, 1, 8, 8], dtype: ScalarType.Float64, generator: weights), classes = tensor(new long[] { 0, 2 });
        Tensor weight = network.Backbone.get_parameter("conv.weight")!, direction = randn(weight.shape, dtype: ScalarType.Float64, generator: weights);
        using IDisposable mode = network.WithMode(training: name.Contains("training", StringComparison.Ordinal));
        if (Refused.TryGetValue(name, out string? reason))
        {
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => Penalty()).Message, reason);
            return;
        }

        Penalty().backward();
        double actual = weight.grad is { } gradient ? (gradient * direction).sum().ToDouble() : 0;
        double expected = (At(Step) - At(-Step)) / (2 * Step);
        bool isWrong = Wrong.TryGetValue(name, out string? module);
        Assert.AreEqual(!isWrong, Math.Abs(expected - actual) < 1e-5 * Math.Max(1, Math.Abs(expected)), $"{expected} {actual}");
        Assert.AreEqual(Flat.Contains(name), expected == 0);
        string? warning = ThirdDerivative.Missing(network, new HessianNormPenalty());
        if (isWrong)
        {
            StringAssert.Contains(warning, module);
        }
        else
        {
            Assert.IsNull(warning);
        }

        double At(double step)
        {
            using (no_grad())
            {
                weight.add_(direction * step);
            }

            double value = Penalty().ToDouble();
            using (no_grad())
            {
                weight.sub_(direction * step);
            }

            return value;
        }

        // The penalty alone: the loss without its cross-entropy.
        Tensor Penalty()
        {
            using var generator = new Generator(1);
            ObjectiveResult result = new HessianNormPenalty { Weight = 1 }.Evaluate(network, images, classes, generator);
            return result.Loss - nn.functional.cross_entropy(network.Logits(images), classes);
        }
    }

    [TestMethod]
    public void TheThirdDerivativeIsTriedOnceAndATrainingWarnsOfOneThatIsWrong()
    {
        using var scope = NewDisposeScope();
        int passes = 0;
        using var network = new ImageNetwork(
            Network(nn.Sequential(new Chain(x => { passes++; return x * 1; }), nn.BatchNorm2d(4), nn.Softplus(3))), new InputSpecification(1, 8, 8), 3);
        Tensor images = rand(4, 1, 8, 8);
        passes = 0;
        network.RequireDerivative(images, Derivative.Second);
        Assert.AreEqual(2, passes);
        network.RequireDerivative(images, Derivative.Third);
        network.RequireDerivative(images, Derivative.Third);
        Assert.AreEqual(2 + 3, passes);

        TrainingOptions options = new() { Objective = new HessianNormPenalty(), Epochs = 1, BatchSize = 4 };
        var source = new TensorBatchSource(images, tensor(new long[] { 0, 1, 2, 0 }));
        string warning = new RobustTrainer(options).Fit(network, source).Warnings.Single();
        StringAssert.Contains(warning, "libtorch takes the mean and variance of BatchNorm2d 'part.1' as constants there");
        Assert.IsEmpty(new RobustTrainer(options with { FrozenModules = ["part.1"] }).Fit(network, source).Warnings);
        Assert.IsEmpty(new RobustTrainer(options with { Objective = new LocalGradientAlignment() }).Fit(network, source).Warnings);
    }

    private static Sequential Network(nn.Module<Tensor, Tensor> part)
    {
        using IDisposable scope = NewDisposeScope();
        long values = part.call(zeros(1, 4, 6, 6)).numel();
        return nn.Sequential(("conv", nn.Conv2d(1, 4, 3)), ("part", part), ("flatten", nn.Flatten()), ("fc", nn.Linear(values, 3)));
    }

    private sealed class Chain(Func<Tensor, Tensor> compute) : nn.Module<Tensor, Tensor>(nameof(Chain))
    {
        public override Tensor forward(Tensor input) => compute(input);
    }
}
