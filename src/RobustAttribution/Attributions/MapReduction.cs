using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>What is kept of an attribution's sign before the channels are summed.</summary>
public enum MapSign
{
    /// <summary>The values as they are.</summary>
    Signed,

    /// <summary>Their magnitudes.</summary>
    Absolute,

    /// <summary>The positive ones; negative values count as 0.</summary>
    Positive,
}

/// <summary>What a map is divided by, image by image.</summary>
public enum MapScale
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The magnitude of its largest value.</summary>
    Max,

    /// <summary>Its largest magnitude.</summary>
    AbsMax,

    /// <summary>The magnitude of its sum.</summary>
    Sum,
}

/// <summary>Turns attributions [N,C,H,W] into maps [N,H,W]: sign, sum over channels, scale.</summary>
/// <param name="Sign">What is kept of the sign. Absolute by default, as both papers' saliency maps.</param>
/// <param name="Scale">What each map is divided by. None by default.</param>
/// <remarks>
/// No scale turns a sign: a map that is negative everywhere stays so. A map whose divisor is 0 (a constant network, say) stays as it is, all zeros
/// where the divisor is a maximum of magnitudes.
/// </remarks>
public sealed record MapReduction(MapSign Sign = MapSign.Absolute, MapScale Scale = MapScale.None)
{
    /// <summary>The maps of a batch of attributions; differentiable.</summary>
    /// <param name="attribution">[N,C,H,W].</param>
    /// <returns>[N,H,W]; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The attribution does not have four dimensions.</exception>
    public Tensor Reduce(Tensor attribution)
    {
        Require.NotNull(attribution, nameof(attribution));
        if (attribution.dim() != 4)
        {
            throw new ArgumentException(
                $"attribution has shape [{string.Join(',', attribution.shape)}]; allowed is [N,C,H,W].", nameof(attribution));
        }

        using IDisposable scope = Scope.Holding(attribution);
        Tensor values = Sign switch
        {
            MapSign.Absolute => attribution.abs(),
            MapSign.Positive => nn.functional.relu(attribution),
            _ => attribution,
        };
        Tensor map = values.sum(1); // [N,H,W]
        Tensor? divisor = Scale switch
        {
            MapScale.Max => Magnitude(map.flatten(1).amax([1])),
            MapScale.AbsMax => Magnitude(map.flatten(1)).amax([1]),
            MapScale.Sum => Magnitude(map.flatten(1).sum(1)),
            _ => null,
        };
        if (divisor is not null)
        {
            map = map / where(divisor.eq(0), ones_like(divisor), divisor).reshape(-1, 1, 1);
        }

        return map.MoveToOuterDisposeScope();

        Tensor Magnitude(Tensor x) => Sign == MapSign.Signed ? x.abs() : x; // else nothing is negative
    }
}
