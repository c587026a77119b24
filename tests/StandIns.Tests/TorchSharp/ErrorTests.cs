using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace StandIns.Tests.Torch;

/// <summary>A wrong call is an exception with libtorch's own words.</summary>
[TestClass]
public sealed class ErrorTests
{
    public static IEnumerable<object[]> WrongCalls()
    {
        yield return [() => ones([2]) + ones([3]), "The size of tensor a (2) must match the size of tensor b (3)"];
        yield return [() => ones([2, 3]).matmul(ones([2, 3])), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"];
        yield return [() => ones([2, 3]).view(4), "shape '[4]' is invalid for input of size 6"];
        yield return [() => ones([2, 3]).T.view(6), "view size is not compatible"];
        yield return [() => cat([ones([2, 3]), ones([3, 2])]), "Sizes of tensors must match except in dimension 0"];
        yield return [() => ones([2]).sum(3), "Dimension out of range"];
        yield return [() => ones([2]).gather(0, tensor([2L])), "index 2 is out of bounds"];
        yield return [() => ones([2]).gather(0, ones([1])), "Expected dtype int64 for index"];
        yield return [() => ones([3]).topk(4).values, "selected index k out of range"];
        yield return [() => ones([3, 3]).bmm(ones([3, 3])), "batch1 must be a 3D tensor"];
        yield return [() => F.conv2d(ones([1, 2, 4, 4]), ones([1, 3, 3, 3])), "expected input[1, 2, 4, 4] to have 3 channels"];
        yield return [() => F.cross_entropy(ones([2, 3]), tensor([0L, 5L])), "Target 5 is out of bounds"];
        yield return [() => ones([2]).uniform_(2, 1), "uniform_ expects to return a [from, to) range"];
        yield return [() => tensor([1L, 2L]).mean(), "could not infer output dtype"];
        yield return [() => ones([0]).max(), "numel() == 0"];
        yield return [() => einsum("ij,jk", ones([2, 3]), ones([2, 3])), "einsum()"];
        yield return [() => F.max_pool2d(ones([1, 1, 2, 2]), 5), "Output size is too small"];
        yield return [() => linspace(0, 1, -1), "number of steps must be non-negative"];
    }

    /// <summary>The original too throws for most of these, but a few of its functions let the error end the process.</summary>
    [TestMethod]
    [TestCategory("StandInOnly")]
    [DynamicData(nameof(WrongCalls))]
    public void MessageIsLibtorchs(Func<Tensor> call, string message)
    {
        Numbers.RequireStandIn();
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => call());
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void DevicesAreChecked()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => device("toaster"));
        Assert.AreEqual("cuda:1", new Device(DeviceType.CUDA, 1).ToString());
        Assert.AreEqual("cpu", device("cpu").ToString());
        Assert.AreEqual(DeviceType.CPU, CPU.type);
        if (cuda.is_available()) return;
        Assert.AreEqual(0, cuda.device_count());
        Assert.Throws<InvalidOperationException>(() => ones([1], device: new Device(DeviceType.CUDA)));
        Assert.Throws<InvalidOperationException>(() => ones([1]).to(new Device("cuda:0")));
        Assert.Throws<InvalidOperationException>(() => nn.Linear(1, 1).to(new Device(DeviceType.CUDA)));
    }

    [TestMethod]
    public void ErrorsOfThreadsDoNotMix()
    {
        Parallel.For(1, 40, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using Tensor left = ones([i + 1]), right = ones([i + 2]);
            var error = Assert.Throws<ExternalException>(() => left + right);
            StringAssert.Contains(error.Message, $"tensor a ({i + 1})");
        });
    }

    [TestMethod]
    public void WorkGoesOnAfterAnError()
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < 100; i++) Assert.Throws<ExternalException>(() => ones([2]) + ones([3]));
        Numbers.AreClose([2, 2], ones([2]) + ones([2]));
    }
}
