using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Maps as vectors, for the similarities that are angles.</summary>
internal static class MapVectors
{
    /// <summary>Each map minus its mean; exactly zero where the map is constant.</summary>
    /// <param name="maps">[N,H,W].</param>
    /// <returns>[N,P].</returns>
    public static Tensor Centred(Tensor maps)
    {
        Tensor values = Unit(maps.flatten(1));
        Tensor constant = values.amax([1], true).eq(values.amin([1], true));
        return where(constant, zeros_like(values), values - values.mean([1], true));
    }

    /// <summary>Cosine of the angle between rows [N,P]; NaN where a row is zero.</summary>
    public static Tensor Cosine(Tensor a, Tensor b)
    {
        Tensor u = Unit(a);
        Tensor v = Unit(b);
        return ((u * v).sum(1) / (u.square().sum(1).sqrt() * v.square().sum(1).sqrt())).clamp(-1, 1);
    }

    /// <summary>Each row divided by its largest magnitude, so that no square is lost to underflow; zero rows as they are.</summary>
    private static Tensor Unit(Tensor rows)
    {
        Tensor largest = rows.abs().amax([1], true);
        return rows / where(largest.eq(0), ones_like(largest), largest);
    }
}
