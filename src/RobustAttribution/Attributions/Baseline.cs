using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The reference image without content that an attribution compares with.</summary>
[ComponentFamily]
public abstract record Baseline
{
    /// <summary>The smallest pixel value everywhere.</summary>
    public static Baseline Black { get; } = new BlackBaseline();

    /// <summary>The largest pixel value everywhere.</summary>
    public static Baseline White { get; } = new WhiteBaseline();

    /// <summary>Each channel's mean, which normalises to zero.</summary>
    public static Baseline Mean { get; } = new MeanBaseline();

    /// <summary>The image itself, blurred by a Gaussian, its border continued by its outermost pixels (Sturmfels et al. 2020).</summary>
    /// <param name="sigma">Standard deviation in pixels, above 0, at most 16,384; a twentieth of the width, or 10 at 224×224, suits.</param>
    public static Baseline Blurred(double sigma) => new BlurredBaseline { Sigma = sigma };

    /// <summary>The baseline of each image.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="input">Bounds and channel means.</param>
    /// <returns>[N,C,H,W], or a shape that broadcasts to it; owned by the caller.</returns>
    public abstract Tensor For(Tensor images, InputSpecification input);
}

internal sealed record BlackBaseline : Baseline
{
    public override Tensor For(Tensor images, InputSpecification input) => full_like(images, input.LowerBound);
}

internal sealed record WhiteBaseline : Baseline
{
    public override Tensor For(Tensor images, InputSpecification input) => full_like(images, input.UpperBound);
}

internal sealed record MeanBaseline : Baseline
{
    public override Tensor For(Tensor images, InputSpecification input)
    {
        using IDisposable scope = Scope.Holding(images);
        return tensor(input.Mean.ToArray(), images.dtype, images.device).reshape(1, input.Mean.Count, 1, 1).expand(images.shape)
            .MoveToOuterDisposeScope();
    }
}

internal sealed record BlurredBaseline : Baseline
{
    /// <summary>Standard deviation in pixels, above 0. The kernel ends at 3σ.</summary>
    public double Sigma { get; init => field = Require.InRange(Require.Positive(value), 0, Limits.ImageSide); } = 10;

    public override Tensor For(Tensor images, InputSpecification input)
    {
        using IDisposable scope = Scope.Holding(images);
        int radius = (int)Math.Ceiling(3 * Sigma);
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-i * (double)i / (2 * Sigma * Sigma)))];
        Tensor kernel = tensor(weights, images.dtype, images.device) / weights.Sum();
        Tensor planes = images.flatten(0, 1).unsqueeze(1); // [N·C,1,H,W]
        Tensor wide = nn.functional.pad(planes, [radius, radius, 0, 0], PaddingModes.Replicate);
        Tensor rows = nn.functional.conv2d(wide, kernel.reshape(1, 1, 1, weights.Length));
        Tensor high = nn.functional.pad(rows, [0, 0, radius, radius], PaddingModes.Replicate);
        Tensor both = nn.functional.conv2d(high, kernel.reshape(1, 1, weights.Length, 1));
        return both.reshape(images.shape).MoveToOuterDisposeScope();
    }
}
