using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>The curves of a batch. Owns its tensors.</summary>
public sealed class PixelCurveResult(IReadOnlyList<double> shares, Tensor values, Tensor areas) : IDisposable
{
    /// <summary>The share of the pixels that each point is about, in [0, 1], ascending: kept for insertion, taken away for deletion.</summary>
    public IReadOnlyList<double> Shares { get; } = shares;

    /// <summary>[N,S], float64 on the CPU: the softmax probability of the class at each point.</summary>
    public Tensor Values { get; } = values;

    /// <summary>[N], float64 on the CPU: the area under each curve, in [0, 1]: the mean of its points.</summary>
    public Tensor Areas { get; } = areas;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Values.Dispose();
        Areas.Dispose();
    }
}
