using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>One golden file in use: its values, and the network and images that they belong to.</summary>
internal sealed class GoldenCase(string network, string activation, ScalarType type) : IDisposable
{
    private const int Neighbours = 32;

    private readonly SafetensorsContent expected
        = Safetensors.Read(GoldenFile.Path("Methods", $"{network}.{(type == ScalarType.Float64 ? "float64" : "float32")}.safetensors"));

    public static IEnumerable<object[]> Rows(IEnumerable<string> methods)
        => from method in methods
           from network in GoldenNetwork.All.Keys
           from activation in new[] { "relu", "softplus" }
           from type in new[] { ScalarType.Float64, ScalarType.Float32 }
           select new object[] { method, network, activation, type };

    /// <summary>The names of a method's values, without the activation: the method itself, or method/value.</summary>
    public string[] Keys(string method)
        => [.. from key in expected.Tensors.Keys
               where $"{key}/".StartsWith($"{activation}/{method}/", StringComparison.Ordinal)
               select key[(activation.Length + 1)..]];

    /// <summary>
    /// Fails unless every value of a method is PyTorch's, to a relative error in the Euclidean norm of 1e-9 in float64 (rounding) and 1e-4 in
    /// float32 (another order of sums), or as <see cref="Float32Exception"/> says.
    /// </summary>
    /// <param name="method">What the golden values' names begin with.</param>
    /// <param name="values">All of the method's values, under their golden names, for a fresh network and images.</param>
    public void Check(string method, Func<ImageNetwork, Tensor, IEnumerable<(string Key, Tensor Value)>> values)
    {
        string[] misfits = Misfits(method, values, neighbour: null);
        if (misfits.Length == 0)
        {
            return;
        }

        string report = string.Join("\n", misfits);
        Assert.IsTrue(type == ScalarType.Float32 && Float32Exception.HasKink(network, activation, method), report);
        bool reached = Enumerable.Range(0, Neighbours).Any(seed => Misfits(method, values, seed).Length == 0);
        Assert.IsTrue(reached, $"{report}\nnor does any of {Neighbours} neighbours of the images give PyTorch's values");
    }

    public void Dispose() => expected.Dispose();

    private string[] Misfits(string method, Func<ImageNetwork, Tensor, IEnumerable<(string Key, Tensor Value)>> values, int? neighbour)
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork built = GoldenNetwork.Build(network, activation, type);
        Tensor images = neighbour is { } seed ? GoldenNetwork.Neighbour(built, seed) : GoldenNetwork.Images(built);
        List<string> found = [], misfits = [];
        foreach ((string key, Tensor value) in values(built, images))
        {
            found.Add(key);
            if (Misfit(key, value) is { } misfit)
            {
                misfits.Add($"{key}: {misfit}");
            }
        }

        CollectionAssert.AreEquivalent(Keys(method), found);
        return [.. misfits];
    }

    private string? Misfit(string key, Tensor actual)
    {
        Tensor wanted = expected.Tensors[$"{activation}/{key}"];
        if (!wanted.shape.SequenceEqual(actual.shape))
        {
            return $"shape [{string.Join(",", actual.shape)}], not [{string.Join(",", wanted.shape)}]";
        }

        double[] a = Values.Of(wanted), b = Values.Of(actual);
        double difference = 0, norm = 0;
        for (int i = 0; i < a.Length; i++)
        {
            if (double.IsNaN(a[i]) != double.IsNaN(b[i]))
            {
                return $"[{i}] is {b[i]}, not {a[i]}";
            }

            difference += double.IsNaN(a[i]) ? 0 : (a[i] - b[i]) * (a[i] - b[i]);
            norm += double.IsNaN(a[i]) ? 0 : a[i] * a[i];
        }

        double tolerance = type == ScalarType.Float64 ? 1e-9 : Float32Exception.ToleranceOf(network, activation, key);
        return Math.Sqrt(difference) <= tolerance * Math.Max(Math.Sqrt(norm), 1e-6)
            ? null
            : $"relative error {Math.Sqrt(difference / Math.Max(norm, 1e-300)):G3}, allowed {tolerance:G3}";
    }
}
