using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The picture that stands for "nothing to see": what an attribution compares with.</summary>
public abstract record Baseline
{
    /// <summary>The smallest pixel value everywhere.</summary>
    public static Baseline Black { get; } = new BlackBaseline();

    /// <summary>The largest pixel value everywhere.</summary>
    public static Baseline White { get; } = new WhiteBaseline();

    /// <summary>Each channel's mean, which normalises to zero.</summary>
    public static Baseline Mean { get; } = new MeanBaseline();

    /// <summary>The picture itself, blurred by a Gaussian of the given standard deviation in pixels.</summary>
    public static Baseline Blurred(double sigma) => new BlurredBaseline { Sigma = sigma };

    /// <summary>The baseline of each picture.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="input">Bounds and channel means.</param>
    /// <returns>[N,C,H,W], or a shape that broadcasts to it; owned by the caller.</returns>
    public abstract Tensor For(Tensor images, InputSpecification input);
}
