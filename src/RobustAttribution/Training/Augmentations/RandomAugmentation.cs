using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>What the library's augmentations share: one draw of uniform numbers for the whole batch, and pictures that stay in [0, 1].</summary>
public abstract record RandomAugmentation : IBoxAugmentation
{
    /// <summary>Uniform numbers that each picture needs.</summary>
    internal abstract int DrawCount { get; }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, Generator generator)
    {
        Check(images);
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return Transform(images, Draw(images, generator)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The boxes are not one for each picture, or of another type.</exception>
    public (Tensor Images, Tensor Boxes) ApplyWithBoxes(Tensor images, Tensor boxes, Generator generator)
    {
        Check(images);
        CheckBoxes(images, boxes);
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Tensor draws = Draw(images, generator);
        Tensor changed = Transform(images, draws);
        Tensor moved = Clip(MoveBoxes(boxes, draws, images.shape[2], images.shape[3]), changed.shape[2], changed.shape[3]);
        return (changed.MoveToOuterDisposeScope(), moved.MoveToOuterDisposeScope());
    }

    /// <summary>The changed pictures: a pure function of the pictures and the numbers drawn.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="draws">[N,<see cref="DrawCount"/>], in [0, 1).</param>
    internal abstract Tensor Transform(Tensor images, Tensor draws);

    /// <summary>Where boxes go: a pure function of the boxes and the numbers drawn. What does not move anything leaves them.</summary>
    /// <param name="boxes">[N,4]: left, top, right, bottom.</param>
    /// <param name="draws">[N,<see cref="DrawCount"/>], in [0, 1).</param>
    /// <param name="height">H of the pictures.</param>
    /// <param name="width">W of the pictures.</param>
    /// <returns>[N,4], not yet cut off at the edges of the result.</returns>
    internal virtual Tensor MoveBoxes(Tensor boxes, Tensor draws, long height, long width) => boxes;

    internal static void CheckBoxes(Tensor images, Tensor boxes)
    {
        Require.NotNull(boxes, nameof(boxes));
        if (boxes.dim() != 2 || boxes.shape[0] != images.shape[0] || boxes.shape[1] != 4 || boxes.dtype != images.dtype)
        {
            throw new ArgumentException($"boxes is {boxes.dtype} [{string.Join(',', boxes.shape)}]; allowed is {images.dtype} [{images.shape[0]},4], one box for each picture.", nameof(boxes));
        }
    }

    /// <summary>One of the numbers drawn, as [N,1,1,1], moved from [0, 1) to [low, high).</summary>
    private protected static Tensor Uniform(Tensor draws, int index, double low, double high) => (draws.narrow(1, index, 1).reshape(-1, 1, 1, 1) * (high - low)) + low;

    /// <summary>An edge of each box, [N,1]: 0 left, 1 top, 2 right, 3 bottom.</summary>
    private protected static Tensor Edge(Tensor boxes, int index) => boxes.narrow(1, index, 1);

    private static void Check(Tensor images)
    {
        Require.NotNull(images, nameof(images));
        if (images.dim() != 4)
        {
            throw new ArgumentException($"images has shape [{string.Join(',', images.shape)}]; allowed is [N,C,H,W].", nameof(images));
        }
    }

    private static Tensor Clip(Tensor boxes, long height, long width)
    {
        Tensor left = Edge(boxes, 0).clamp(0, width), top = Edge(boxes, 1).clamp(0, height), right = Edge(boxes, 2).clamp(0, width), bottom = Edge(boxes, 3).clamp(0, height);
        Tensor clipped = cat([left, top, right, bottom], 1);
        Tensor some = right.gt(left).logical_and(bottom.gt(top)); // [N,1]; false where an edge is NaN
        return where(some, clipped, full_like(clipped, double.NaN));
    }

    private Tensor Draw(Tensor images, Generator generator) => rand([images.shape[0], DrawCount], dtype: images.dtype, device: images.device, generator: generator);
}
