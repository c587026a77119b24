using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// (x − x') ⊙ ∫₀¹ g_k(x' + α(x − x')) dα along the straight path from a baseline (Sundararajan et al. 2017, eq. 1), in pixel scale.
/// </summary>
/// <remarks>
/// Complete: the attributions of an image add up to the difference of the logits at image and baseline, but for the error of the quadrature.
/// </remarks>
public sealed record IntegratedGradients : SampledAttribution
{
    /// <summary>Number of steps of the quadrature, 1 to 100,000. 50 by default (the paper: 20 to 300).</summary>
    public int Steps { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 50;

    /// <summary>x', where the path begins. Black by default.</summary>
    public Baseline Baseline { get; init => field = Require.NotNull(value); } = Baseline.Black;

    /// <summary>How the integral becomes a sum. The trapezoid rule by default.</summary>
    public PathQuadrature Quadrature { get; init => field = Require.NotNull(value); } = PathQuadrature.Trapezoid;

    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    private protected override Tensor ExplainSome(ImageNetwork network, Tensor images, Tensor classes, int variantsPerPass, bool createGraph)
    {
        Tensor x = createGraph ? images : images.detach();
        Tensor baseline = Baseline.For(x, network.Input);
        Tensor path = x - baseline;
        Tensor integral = zeros_like(x);
        foreach ((double Alpha, double Weight)[] points in Quadrature.Rule(Steps).Chunk(variantsPerPass))
        {
            using IDisposable scope = NewDisposeScope();
            Tensor alpha = Column(points.Select(point => point.Alpha)), weight = Column(points.Select(point => point.Weight)); // [P,1,1,1,1]
            Tensor onPath = (baseline + (alpha * path)).flatten(0, 1); // [P·n,C,H,W]
            Tensor gradient = Differentiation.LogitGradient(
                nameof(IntegratedGradients), network, onPath, classes.repeat(points.Length), createGraph).Gradient;
            integral = (integral + (gradient.reshape([points.Length, .. x.shape]) * weight).sum([0])).MoveToOuterDisposeScope();
        }

        return path * integral;

        Tensor Column(IEnumerable<double> values) => Upload.To(x.device, tensor(values.ToArray(), x.dtype, CPU)).reshape(-1, 1, 1, 1, 1);
    }
}
