using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The picture blurred by a Gaussian, its border continued by its outermost pixels (Sturmfels et al. 2020).</summary>
public sealed record BlurredBaseline : Baseline
{
    /// <summary>Standard deviation in pixels, above 0. 10 by default, for pictures of 224×224; take about a twentieth of the width for others. The kernel ends at 3σ.</summary>
    public double Sigma { get; init => field = Require.Positive(value); } = 10;

    /// <inheritdoc/>
    public override Tensor For(Tensor images, InputSpecification input)
    {
        using IDisposable scope = NewDisposeScope();
        int radius = (int)Math.Ceiling(3 * Sigma);
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-i * (double)i / (2 * Sigma * Sigma)))];
        Tensor kernel = tensor(weights, images.dtype, images.device) / weights.Sum();
        Tensor planes = images.flatten(0, 1).unsqueeze(1); // [N·C,1,H,W]
        Tensor rows = nn.functional.conv2d(nn.functional.pad(planes, [radius, radius, 0, 0], PaddingModes.Replicate), kernel.reshape(1, 1, 1, weights.Length));
        Tensor both = nn.functional.conv2d(nn.functional.pad(rows, [0, 0, radius, radius], PaddingModes.Replicate), kernel.reshape(1, 1, weights.Length, 1));
        return both.reshape(images.shape).MoveToOuterDisposeScope();
    }
}
