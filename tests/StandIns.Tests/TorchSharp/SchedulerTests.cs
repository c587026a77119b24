using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class SchedulerTests
{
    public static IEnumerable<object[]> Schedules()
    {
        yield return [(optim.Optimizer o) => StepLR(o, 3, 0.5), (int epoch) => Math.Pow(0.5, epoch / 3)];
        yield return [(optim.Optimizer o) => MultiStepLR(o, [2, 5], 0.1), (int epoch) => epoch < 2 ? 1 : epoch < 5 ? 0.1 : 0.01];
        yield return [(optim.Optimizer o) => ExponentialLR(o, 0.9), (int epoch) => Math.Pow(0.9, epoch)];
        yield return [(optim.Optimizer o) => LambdaLR(o, epoch => 1.0 / (1 + epoch)), (int epoch) => 1.0 / (1 + epoch)];
        yield return [(optim.Optimizer o) => CosineAnnealingLR(o, 8), (int epoch) => (1 + Math.Cos(Math.PI * epoch / 8)) / 2];
    }

    [TestMethod]
    [DynamicData(nameof(Schedules))]
    public void RatesFollowTheClosedForm(Func<optim.Optimizer, LRScheduler> make, Func<int, double> factor)
    {
        using var scope = NewDisposeScope();
        using var optimizer = optim.SGD(
            [new SGD.ParamGroup([nn.Parameter(zeros([1]))], lr: 0.2), new SGD.ParamGroup([nn.Parameter(zeros([1]))], lr: 4)], learningRate: 1);
        var scheduler = make(optimizer);
        for (var epoch = 0; epoch < 8; epoch++)
        {
            double[] rates = [.. optimizer.ParamGroups.Select(group => group.LearningRate)];
            Assert.AreEqual(0.2 * factor(epoch), rates[0], 1e-12, $"epoch {epoch}");
            Assert.AreEqual(4 * factor(epoch), rates[1], 1e-12, $"epoch {epoch}");
            CollectionAssert.AreEqual(rates, scheduler.get_last_lr().ToArray());
            scheduler.step();
        }
    }
}
