using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Base of all similarities: checks the maps and computes in float64, whatever their type.</summary>
public abstract record MapSimilarity : IMapSimilarity
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public virtual bool HigherIsMoreSimilar => true;

    /// <inheritdoc/>
    public virtual double Ideal => 1;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// The shapes differ, are not [N,H,W] or too small for the measure, or a map holds NaN or infinity.
    /// </exception>
    public Tensor Compare(Tensor a, Tensor b)
    {
        Require.NotNull(a, nameof(a));
        Require.NotNull(b, nameof(b));
        if (a.dim() != 3 || !a.shape.SequenceEqual(b.shape) || a.shape[1] * a.shape[2] == 0)
        {
            throw new ArgumentException(
                $"a has shape [{string.Join(',', a.shape)}] and b has shape [{string.Join(',', b.shape)}];"
                + " allowed is one shape [N,H,W] for both, with at least one pixel.");
        }

        CheckSize(a.shape[1], a.shape[2]);
        using IDisposable scope = Scope.Holding(a, b);
        using IDisposable mode = no_grad();
        if (a.shape[0] == 0)
        {
            return zeros(0, dtype: ScalarType.Float64, device: CPU).MoveToOuterDisposeScope();
        }

        return Measure(Checked(a, nameof(a)), Checked(b, nameof(b))).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>Throws unless the measure can be taken of maps of this size.</summary>
    internal virtual void CheckSize(long height, long width)
    {
    }

    /// <summary>The measure of finite maps.</summary>
    /// <param name="a">[N,H,W], float64.</param>
    /// <param name="b">[N,H,W], float64, on the same device.</param>
    /// <returns>[N], float64.</returns>
    private protected abstract Tensor Measure(Tensor a, Tensor b);

    private static Tensor Checked(Tensor maps, string name)
    {
        return FiniteMaps.FirstOther(maps) is int index
            ? throw new ArgumentException(
                $"{name} holds a value that is not finite in map {index} of {maps.shape[0]}; maps must be finite.", name)
            : maps.detach().to(ScalarType.Float64);
    }
}
