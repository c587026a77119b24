using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Another threat model whose random start of an image depends on the generator and on the image alone, not on the images beside it: a row of a view
/// is
/// attacked alike in whatever batch it comes.
/// </summary>
/// <param name="Inner">The other threat model.</param>
/// <remarks>For measurements: it reads the images. A training draws for a whole batch at once.</remarks>
internal sealed record DrawnByImage(IThreatModel Inner) : IThreatModel
{
    /// <inheritdoc/>
    public double Radius => Inner.Radius;

    /// <summary>An attack that draws so.</summary>
    public static IAttributionAttack In(IAttributionAttack attack) => attack.WithThreatModel(new DrawnByImage(attack.ThreatModel));

    /// <inheritdoc/>
    public IThreatModel WithRadius(double radius) => new DrawnByImage(Inner.WithRadius(radius));

    /// <summary>As that of the other threat model, image by image; takes one number from the generator.</summary>
    /// <inheritdoc/>
    public Tensor RandomStart(Tensor images, InputSpecification input, Generator generator)
    {
        using IDisposable scope = Scope.Holding(images, generator);
        using ImageDraws draws = new(this, images, generator);
        return draws.Of((image, own) => Inner.RandomStart(image, input, own)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor current, Tensor gradient, double size) => Inner.Step(current, gradient, size);

    /// <inheritdoc/>
    public Tensor Project(Tensor candidate, Tensor origin, InputSpecification input) => Inner.Project(candidate, origin, input);
}
