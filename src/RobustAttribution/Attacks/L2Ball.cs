using System.Globalization;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>The image as a whole may move by at most ε: the ball of the Euclidean norm, {x' : ‖x' − x‖₂ ≤ ε}.</summary>
public sealed record L2Ball(double Radius = 0.5) : IThreatModel
{
    // Keeps divisions by the norm of a zero vector at zero; far below any norm that means something.
    private const double Tiny = 1e-30;

    /// <summary>
    /// ε in pixel units over all values of the image, from 0 to the distance of a black image from a white one, √(C·H·W): 55.4 for 3×32×32. 0.5 by
    /// default.
    /// </summary>
    /// <remarks>
    /// The default is the usual budget of L2 robustness on 32×32 images (Croce et al. 2021, RobustBench); the two papers use the maximum norm only.
    /// </remarks>
    public double Radius { get; init => field = Require.NonNegative(value); } = Require.NonNegative(Radius, nameof(Radius));

    /// <inheritdoc/>
    public IThreatModel WithRadius(double radius) => this with { Radius = radius };

    /// <inheritdoc/>
    public Tensor RandomStart(Tensor images, InputSpecification input, Generator generator)
    {
        using IDisposable scope = Scope.Holding(images, generator);
        RequireRadius(images, input);
        double dimensions = images.shape[1] * images.shape[2] * images.shape[3];
        Tensor direction = Unit(CpuDraws.Normal(images, generator));
        // So that the volume is covered evenly
        Tensor share = CpuDraws.Uniform([images.shape[0], 1, 1, 1], images, generator).pow(1 / dimensions);
        return Project(images + (direction * share * Radius), images, input).MoveToOuterDisposeScope();
    }

    /// <summary>current + size · gradient/‖gradient‖₂: the steepest ascent under the Euclidean norm; a zero gradient stays.</summary>
    /// <inheritdoc/>
    public Tensor Step(Tensor current, Tensor gradient, double size)
    {
        using IDisposable scope = Scope.Holding(current, gradient);
        return (current + (Unit(gradient) * size)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor candidate, Tensor origin, InputSpecification input)
    {
        using IDisposable scope = Scope.Holding(candidate, origin);
        RequireRadius(origin, input);
        Tensor offset = candidate - origin;
        Tensor shrink = (Radius / Norm(offset)).clamp(0, 1);
        return (origin + (offset * shrink)).clamp(input.LowerBound, input.UpperBound).MoveToOuterDisposeScope();
    }

    // Known when there are images.
    private void RequireRadius(Tensor images, InputSpecification input)
    {
        double largest = Math.Sqrt(images.shape[1] * images.shape[2] * images.shape[3]) * (input.UpperBound - input.LowerBound);
        if (Radius > largest)
        {
            string size = $"{images.shape[1]}×{images.shape[2]}×{images.shape[3]}";
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {nameof(Radius)} of {nameof(L2Ball)} is {Radius:G6}; allowed for images of {size} is a number from 0 to {largest:G4},")
                + " the distance of a black image from a white one in pixel units: divide a length in 0…255 by 255.");
        }
    }

    private static Tensor Unit(Tensor x) => x / Norm(x);

    // [N,1,1,1]; scaled by the largest magnitude first, since the squares of tiny gradients vanish in float32.
    private static Tensor Norm(Tensor x)
    {
        Tensor largest = x.abs().amax([1, 2, 3], true).clamp_min(Tiny);
        Tensor scaled = x / largest;
        return (largest * (scaled * scaled).sum([1, 2, 3], true).sqrt()).clamp_min(Tiny);
    }
}
