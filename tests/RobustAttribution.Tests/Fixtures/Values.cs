using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Tensors to plain arrays and back, and comparisons that say where two differ.</summary>
internal static class Values
{
    /// <summary>All values in row-major order.</summary>
    public static double[] Of(Tensor tensor) => [.. tensor.detach().cpu().to(ScalarType.Float64).contiguous().data<double>()];

    /// <summary>An image [C,H,W].</summary>
    public static double[,,] Cube(Tensor tensor)
    {
        var cube = new double[tensor.shape[0], tensor.shape[1], tensor.shape[2]];
        Buffer.BlockCopy(Of(tensor), 0, cube, 0, cube.Length * sizeof(double));
        return cube;
    }

    /// <summary>Convolution weights [O,C,k,k].</summary>
    public static double[,,,] Kernel(Tensor tensor)
    {
        var kernel = new double[tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]];
        Buffer.BlockCopy(Of(tensor), 0, kernel, 0, kernel.Length * sizeof(double));
        return kernel;
    }

    /// <summary>A matrix [O,I].</summary>
    public static double[,] Matrix(Tensor tensor)
    {
        var matrix = new double[tensor.shape[0], tensor.shape[1]];
        Buffer.BlockCopy(Of(tensor), 0, matrix, 0, matrix.Length * sizeof(double));
        return matrix;
    }

    public static double[] Flat(Array values)
    {
        var flat = new double[values.Length];
        Buffer.BlockCopy(values, 0, flat, 0, flat.Length * sizeof(double));
        return flat;
    }

    /// <summary>Fails unless all values agree within <paramref name="tolerance"/>·max(1, |expected|). NaN agrees with NaN alone.</summary>
    public static void AreClose(double[] expected, double[] actual, double tolerance, string what = "values")
    {
        Assert.HasCount(expected.Length, actual, $"{what}: number of values");
        for (int i = 0; i < expected.Length; i++)
        {
            // Spelled out, because MSTest's comparisons take NaN for less than everything.
            bool close = Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i]))
                || (double.IsNaN(expected[i]) && double.IsNaN(actual[i]));
            Assert.IsTrue(close, $"{what}[{i}]: expected {expected[i]:R}, found {actual[i]:R}");
        }
    }

    public static void AreClose(Tensor expected, Tensor actual, double tolerance, string what = "values")
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, $"{what}: shape");
        AreClose(Of(expected), Of(actual), tolerance, what);
    }
}
