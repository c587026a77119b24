using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// The set of perturbations an attacker may use, and how to move in it. Immutable records; every length is in pixel units ([0, 1] scale).
/// </summary>
/// <remarks>Results are always inside the pixel bounds of <see cref="InputSpecification"/>, and owned by the caller.</remarks>
[ComponentFamily]
public interface IThreatModel
{
    /// <summary>ε: the radius of the ball around the image, in pixel units, at least 0.</summary>
    double Radius { get; }

    /// <summary>A copy with another radius.</summary>
    IThreatModel WithRadius(double radius);

    /// <summary>A point drawn uniformly from the ball around each image, inside the bounds.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="input">The bounds.</param>
    /// <param name="generator">Source of every random draw, on the CPU: what is drawn is moved to the images' device.</param>
    Tensor RandomStart(Tensor images, InputSpecification input, Generator generator);

    /// <summary>One ascent step of length <paramref name="size"/> along the steepest direction of this norm; not projected.</summary>
    /// <param name="current">[N,C,H,W].</param>
    /// <param name="gradient">[N,C,H,W], of the value to increase.</param>
    /// <param name="size">Step length in pixel units.</param>
    Tensor Step(Tensor current, Tensor gradient, double size);

    /// <summary>The nearest point of the ball around <paramref name="origin"/> (then clamped into the bounds).</summary>
    Tensor Project(Tensor candidate, Tensor origin, InputSpecification input);
}
