using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Several augmentations, one after the other.</summary>
/// <param name="Steps">In the order in which they are applied.</param>
public sealed record Compose(IReadOnlyList<IAugmentation> Steps) : IBoxAugmentation
{
    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<IAugmentation> Steps { get; init => field = Check(value); } = Check(Steps);

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, Generator generator)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor changed = images.alias();
        foreach (IAugmentation step in Steps)
        {
            changed = step.Apply(changed, generator);
        }

        return changed.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The boxes are not one for each picture, or of another type; or a step cannot take boxes along.</exception>
    public (Tensor Images, Tensor Boxes) ApplyWithBoxes(Tensor images, Tensor boxes, Generator generator)
    {
        RandomAugmentation.CheckBoxes(Require.NotNull(images, nameof(images)), boxes);
        using IDisposable scope = NewDisposeScope();
        (Tensor changed, Tensor moved) = (images.alias(), boxes.alias());
        foreach (IAugmentation step in Steps)
        {
            (changed, moved) = step is IBoxAugmentation both
                ? both.ApplyWithBoxes(changed, moved, generator)
                : throw new ArgumentException($"{nameof(Steps)} holds a {step.GetType().Name}, which does not say where boxes go; allowed with boxes are {nameof(IBoxAugmentation)}s.");
        }

        return (changed.MoveToOuterDisposeScope(), moved.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public bool Equals(Compose? other) => other is not null && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => Steps.Aggregate(0, HashCode.Combine);

    private static IReadOnlyList<IAugmentation> Check(IReadOnlyList<IAugmentation> steps)
        => [.. Require.NotNull(steps, nameof(Steps)).Select(step => Require.NotNull(step, nameof(Steps)))];
}
