using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>Base of the library's augmentations: one draw of uniform numbers for the whole batch, and images that stay in [0, 1].</summary>
public abstract record RandomAugmentation : Augmentation
{
    /// <summary>Uniform numbers that each image needs.</summary>
    internal abstract int DrawCount { get; }

    internal override bool KeepsRange => true;

    /// <inheritdoc/>
    public sealed override Tensor Apply(Tensor images, Generator generator)
    {
        Check(images);
        using IDisposable scope = Scope.Holding(images, generator);
        using IDisposable mode = no_grad();
        Tensor draws = CpuDraws.Uniform([images.shape[0], DrawCount], images, generator);
        return Transform(images, draws).MoveToOuterDisposeScope();
    }

    /// <summary>The changed images: a pure function of the images and the numbers drawn.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="draws">[N,<see cref="DrawCount"/>], in [0, 1).</param>
    internal abstract Tensor Transform(Tensor images, Tensor draws);

    /// <summary>One of the numbers drawn, as [N,1,1,1], moved from [0, 1) to [low, high).</summary>
    private protected static Tensor Uniform(Tensor draws, int index, double low, double high)
        => (draws.narrow(1, index, 1).reshape(-1, 1, 1, 1) * (high - low)) + low;

    private static void Check(Tensor images)
    {
        Require.NotNull(images, nameof(images));
        if (images.dim() != 4)
        {
            throw new ArgumentException($"images has shape [{string.Join(',', images.shape)}]; allowed is [N,C,H,W].", nameof(images));
        }
    }
}
