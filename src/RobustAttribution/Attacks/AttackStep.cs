using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// How an attack steps along the gradients of its objective: <see cref="SteepestStep"/>, <see cref="AdamStep"/> or <see cref="AdaptiveStep"/>.
/// </summary>
[ComponentFamily]
public abstract record AttackStep
{
    /// <summary>
    /// Step length in pixel units, above 0, and at most 1 in a <see cref="LinfBall"/>; null, the default, follows ε: 4ε/steps, as Joo et al. 2023
    /// attack with (<see cref="AdaptiveStep"/>: 2ε).
    /// </summary>
    public double? Size { get; init => field = value is { } size ? Require.Positive(size) : null; }

    /// <summary>The step length for a budget and a number of steps.</summary>
    internal virtual double SizeFor(double radius, int steps) => Size ?? 4 * radius / Math.Max(steps, 1);

    /// <summary>Begins a walk. State that it keeps belongs to the caller's dispose scope.</summary>
    /// <returns>
    /// Takes the current images, and value [N] and gradient of what is to increase; gives the next images, which the caller projects.
    /// </returns>
    internal abstract Func<Tensor, Tensor, Tensor, Tensor> Begin(WalkSpace space);
}

/// <summary>Where a walk may go.</summary>
/// <param name="ThreatModel">Knows the steepest direction of its norm.</param>
/// <param name="Start">[N,C,H,W]: where the walk begins.</param>
/// <param name="Size">Step length in pixel units.</param>
/// <param name="Steps">How many steps it makes.</param>
/// <param name="Project">The nearest point of ball and bounds.</param>
internal sealed record WalkSpace(IThreatModel ThreatModel, Tensor Start, double Size, int Steps, Func<Tensor, Tensor> Project);

/// <summary>
/// A step of fixed length along the steepest direction of the threat model's norm: the sign of the gradient for <see cref="LinfBall"/>.
/// </summary>
public sealed record SteepestStep : AttackStep
{
    /// <summary>A walk with steps of 4ε/steps, or of <see cref="AttackStep.Size"/>.</summary>
    public SteepestStep()
    {
    }

    /// <summary>A walk with steps of <paramref name="size"/>, in pixel units.</summary>
    public SteepestStep(double size) => Size = size;

    /// <inheritdoc/>
    internal override Func<Tensor, Tensor, Tensor, Tensor> Begin(WalkSpace space)
        => (current, _, gradient) => space.ThreatModel.Step(current, gradient, space.Size);
}

/// <summary>A step of Adam (Kingma and Ba 2015, algorithm 1): β₁ = 0.9, β₂ = 0.999, ε̂ = 1e-8, value by value.</summary>
public sealed record AdamStep : AttackStep
{
    /// <inheritdoc/>
    internal override Func<Tensor, Tensor, Tensor, Tensor> Begin(WalkSpace space)
    {
        const double Beta1 = 0.9, Beta2 = 0.999, Small = 1e-8;
        Tensor first = zeros_like(space.Start), second = zeros_like(space.Start);
        int step = 0;
        return (current, _, gradient) =>
        {
            using IDisposable scope = NewDisposeScope();
            step++;
            first.mul_(Beta1).add_(gradient, 1 - Beta1);
            second.mul_(Beta2).add_(gradient * gradient, 1 - Beta2);
            Tensor mean = first / (1 - Math.Pow(Beta1, step));
            Tensor deviation = (second / (1 - Math.Pow(Beta2, step))).sqrt() + Small;
            return (current + (mean / deviation * space.Size)).MoveToOuterDisposeScope();
        };
    }
}
