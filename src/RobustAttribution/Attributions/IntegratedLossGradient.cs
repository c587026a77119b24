using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// <c>IG_ℓ(x, x') = (x' − x) ⊙ ∫₀¹ ∇ℓ_y(x + α(x' − x)) dα</c>, ℓ_y the cross-entropy: what each value of an image adds to its loss on the way to
/// another image (Chen et al. 2019). The scale of the images cancels.
/// </summary>
internal static class IntegratedLossGradient
{
    /// <summary>Takes one forward pass of the batch for each point; with <paramref name="createGraph"/> the graphs of all are kept.</summary>
    /// <param name="method">What needs it, for errors.</param>
    /// <param name="network">The network.</param>
    /// <param name="from">[N,C,H,W], normalised: x, a constant.</param>
    /// <param name="to">[N,C,H,W], normalised: x'.</param>
    /// <param name="classes">[N], int64: y.</param>
    /// <param name="rule">Points and weights of the integral.</param>
    /// <param name="createGraph">Keep the result differentiable, at the parameters and at <paramref name="to"/>.</param>
    /// <returns>[N,C,H,W]; owned by the caller.</returns>
    public static Tensor Of(
        string method,
        ImageNetwork network,
        Tensor from,
        Tensor to,
        Tensor classes,
        IReadOnlyList<(double Alpha, double Weight)> rule,
        bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor path = to - from, integral = zeros_like(path);
        foreach ((double alpha, double weight) in rule)
        {
            using IDisposable pass = NewDisposeScope();
            Tensor onPath = from + (path * alpha);
            Tensor point = onPath.requires_grad ? onPath : onPath.requires_grad_(true);
            using LogitPass logits = new(method, network, point, createGraph ? Derivative.Second : Derivative.First);
            integral = (integral + (logits.LossGradient(classes, createGraph) * weight)).MoveToOuterDisposeScope();
        }

        return (path * integral).MoveToOuterDisposeScope();
    }
}
