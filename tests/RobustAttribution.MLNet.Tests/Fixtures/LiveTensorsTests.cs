using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>What the count of live tensors counts.</summary>
[TestClass]
public sealed class LiveTensorsTests
{
    [TestMethod]
    public void ADisposedTensorIsNotCounted() => Assert.AreEqual(0, GrowthBy(() => zeros(3).Dispose()));

    // TorchSharp 0.107; when this fails, the tests that allow for it can ask for no growth at all.
    [TestMethod]
    public void EveryParameterEverMadeLeavesOneBehindInTheCount()
    {
        Assert.AreEqual(1, GrowthBy(() => new Parameter(zeros(3), true).Dispose()));
        Assert.AreEqual(2, GrowthBy(() => nn.Linear(3, 4).Dispose()));
    }

    private static long GrowthBy(Action action)
    {
        action(); // what TorchSharp keeps for itself
        long before = LiveTensors.Count();
        action();
        return LiveTensors.Count() - before;
    }
}
