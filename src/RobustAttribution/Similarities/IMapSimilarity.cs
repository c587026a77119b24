using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Compares two maps of the same image. Implementations are immutable records whose properties are their options.</summary>
[ComponentFamily]
public interface IMapSimilarity
{
    /// <summary>The measure's usual name, e.g. "Kendall τ".</summary>
    string Name { get; }

    /// <summary>Whether a higher value means more similar maps.</summary>
    bool HigherIsMoreSimilar { get; }

    /// <summary>The value for two equal maps.</summary>
    double Ideal { get; }

    /// <summary>The similarity of each pair of maps.</summary>
    /// <param name="a">[N,H,W]; for measures that are not symmetric the reference, the map of the clean image.</param>
    /// <param name="b">[N,H,W].</param>
    /// <returns>[N], float64 on the CPU; owned by the caller. NaN only where the measure's documentation says that it is undefined.</returns>
    /// <exception cref="ArgumentException">The shapes differ or are not [N,H,W].</exception>
    Tensor Compare(Tensor a, Tensor b);
}
