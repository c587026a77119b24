using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>Every value of the image may change by at most ε: the ball of the maximum norm, {x' : max |x' − x| ≤ ε}.</summary>
public sealed record LinfBall(double Radius = 8.0 / 255) : IThreatModel
{
    /// <summary>ε in pixel units, from 0 to 1. 8/255 by default, as Singh et al. 2020 train and evaluate with.</summary>
    public double Radius { get; init => field = Require.Pixels(value); } = Require.Pixels(Radius, nameof(Radius));

    /// <inheritdoc/>
    public IThreatModel WithRadius(double radius) => this with { Radius = radius };

    /// <inheritdoc/>
    public Tensor RandomStart(Tensor images, InputSpecification input, Generator generator)
    {
        using IDisposable scope = Scope.Holding(images, generator);
        Tensor offset = (CpuDraws.Uniform(images.shape, images, generator) * (2 * Radius)) - Radius; // uniform in [−ε, ε)
        return Project(images + offset, images, input).MoveToOuterDisposeScope();
    }

    /// <summary>current + size · sign(gradient): the steepest ascent under the maximum norm.</summary>
    /// <inheritdoc/>
    public Tensor Step(Tensor current, Tensor gradient, double size)
    {
        using IDisposable scope = Scope.Holding(current, gradient);
        return (current + (gradient.sign() * size)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor candidate, Tensor origin, InputSpecification input)
    {
        using IDisposable scope = Scope.Holding(candidate, origin);
        Tensor inBall = minimum(maximum(candidate, origin - Radius), origin + Radius);
        return inBall.clamp(input.LowerBound, input.UpperBound).MoveToOuterDisposeScope();
    }
}
