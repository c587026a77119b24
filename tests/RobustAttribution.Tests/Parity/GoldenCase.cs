using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>One golden file in use: its values, and the network they belong to.</summary>
internal sealed class GoldenCase : IDisposable
{
    private readonly SafetensorsContent expected;
    private readonly ScalarType type;
    private readonly string activation;

    public GoldenCase(string network, string activation, ScalarType type)
    {
        (this.type, this.activation) = (type, activation);
        expected = Safetensors.Read(GoldenFile.Path("Methods", $"{network}.{(type == ScalarType.Float64 ? "float64" : "float32")}.safetensors"));
        Network = GoldenNetwork.Build(network, activation, type);
    }

    public ImageNetwork Network { get; }

    public static IEnumerable<object[]> Rows(IEnumerable<string> methods)
        => from method in methods
           from network in GoldenNetwork.All.Keys
           from activation in new[] { "relu", "softplus" }
           from type in new[] { ScalarType.Float64, ScalarType.Float32 }
           select new object[] { method, network, activation, type };

    public IEnumerable<string> Keys(string prefix)
        => expected.Tensors.Keys.Where(key => key.StartsWith($"{activation}/{prefix}", StringComparison.Ordinal))
            .Select(key => key[(activation.Length + 1)..]);

    /// <summary>
    /// Fails unless the relative error in the Euclidean norm is that of rounding in float64, and of another order of sums in float32.
    /// </summary>
    public void Check(string key, Tensor actual, double float32Tolerance = 1e-4)
    {
        double tolerance = type == ScalarType.Float64 ? 1e-9 : float32Tolerance;
        Tensor wanted = expected.Tensors[$"{activation}/{key}"];
        CollectionAssert.AreEqual(wanted.shape, actual.shape, $"shape of {key}");
        double[] a = Values.Of(wanted), b = Values.Of(actual);
        double difference = 0, norm = 0;
        for (int i = 0; i < a.Length; i++)
        {
            Assert.AreEqual(double.IsNaN(a[i]), double.IsNaN(b[i]), $"{key}[{i}]");
            difference += double.IsNaN(a[i]) ? 0 : (a[i] - b[i]) * (a[i] - b[i]);
            norm += double.IsNaN(a[i]) ? 0 : a[i] * a[i];
        }

        Assert.IsTrue(
            Math.Sqrt(difference) <= tolerance * Math.Max(Math.Sqrt(norm), 1e-6),
            $"{key}: relative error {Math.Sqrt(difference / Math.Max(norm, 1e-300)):G3}");
    }

    public void Dispose()
    {
        Network.Dispose();
        expected.Dispose();
    }
}
