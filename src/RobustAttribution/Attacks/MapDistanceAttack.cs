using RobustAttribution.Attributions;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>A differentiable distance of two maps.</summary>
public enum MapDistance
{
    /// <summary>1 − cos(a, b), computed as ½‖a/‖a‖ − b/‖b‖‖², whose derivative at a = b is exactly 0.</summary>
    Cosine,

    /// <summary>The mean of (a − b)² over the pixels.</summary>
    MeanSquaredError,
}

/// <summary>
/// Moves the map away from the clean one, with no target: raises a distance between h(x') and h(x). The mean squared error is the second attack that
/// Chen et al. ("Training for Stable Explanation for Free", NeurIPS 2024) evaluate with, the cosine the measure in AGA's loss (Joo et al. 2023).
/// </summary>
/// <remarks>
/// ε = 8/255, 50 steps of 1/255, maps scaled to sum 1 by default, so that not the size of the gradient is attacked. The objective has no gradient at
/// the image itself, so it needs its random start.
/// </remarks>
public sealed record MapDistanceAttack : MapAttack
{
    /// <summary>The attack with its defaults.</summary>
    public MapDistanceAttack() => Reduction = new MapReduction(MapSign.Absolute, MapScale.Sum);

    /// <summary>What is raised. The cosine distance by default.</summary>
    public MapDistance Distance { get; init => field = Require.Defined(value); }

    /// <inheritdoc/>
    internal override bool LeavesImage => false;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        Tensor origin = clean.Map, direction = Direction(origin);
        long pixels = origin.shape[1] * origin.shape[2];
        return Distance == MapDistance.Cosine
            ? view => Rowwise.SquaredNorm(Direction(view.Map) - direction) / 2
            : view => Rowwise.SquaredNorm(view.Map - origin) / pixels;

        static Tensor Direction(Tensor map) => map / Rowwise.Norm(map).reshape(-1, 1, 1);
    }
}
