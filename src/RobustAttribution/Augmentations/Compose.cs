using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>Several augmentations, one after the other.</summary>
public sealed record Compose(IReadOnlyList<Augmentation> Steps) : Augmentation
{
    /// <summary>The augmentations in the order in which they are applied.</summary>
    public IReadOnlyList<Augmentation> Steps { get; init => field = Check(value); } = Check(Steps);

    internal override bool KeepsRange => Steps.All(step => step.KeepsRange);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, Generator generator)
    {
        using IDisposable scope = Scope.Holding(images, generator);
        Tensor changed = images.alias();
        foreach (Augmentation step in Steps)
        {
            changed = step.Apply(changed, generator);
        }

        return changed.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool Equals(Compose? other) => other is not null && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => Steps.Aggregate(0, HashCode.Combine);

    private static IReadOnlyList<Augmentation> Check(IReadOnlyList<Augmentation> steps)
        => [.. Require.NotNull(steps, nameof(Steps)).Select(step => Require.NotNull(step, nameof(Steps)))];
}
