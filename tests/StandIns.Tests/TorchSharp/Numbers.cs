using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

/// <summary>Tensors against plain numbers.</summary>
internal static class Numbers
{
    /// <summary>All elements in row-major order.</summary>
    internal static double[] Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(float64).flatten().data<double>().ToArray();
    }

    /// <summary>Same count, and each element within <paramref name="tolerance"/>, absolute below 1 and relative above. NaN equals NaN.</summary>
    internal static void AreClose(IEnumerable<double> expected, Tensor actual, double tolerance = 1e-12, string what = "")
    {
        double[] wanted = [.. expected], got = Of(actual);
        Assert.HasCount(wanted.Length, got, what);
        for (var i = 0; i < wanted.Length; i++)
        {
            var same = wanted[i].Equals(got[i]) || Math.Abs(wanted[i] - got[i]) <= tolerance * Math.Max(1, Math.Abs(wanted[i]));
            Assert.IsTrue(same, $"{what} element {i}: expected {wanted[i]}, got {got[i]}");
        }
    }

    /// <summary>Ends a test of category StandInOnly where the original is in use.</summary>
    internal static void RequireStandIn()
    {
        if (typeof(torch).Assembly.GetName().Name != "TorchSharp.StandIn") Assert.Inconclusive("The original does not promise this.");
    }

    internal static void HasShape(long[] expected, Tensor actual) => CollectionAssert.AreEqual(expected, actual.shape);

    /// <summary>Numbers of the standard normal distribution, float64, the same for the same seed.</summary>
    internal static Tensor Normal(ulong seed, params long[] shape)
    {
        using var generator = new Generator(seed);
        return randn(shape, float64, generator: generator);
    }
}
