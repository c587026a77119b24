using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>Describes the target map of <see cref="TargetMapAttack"/>.</summary>
[ComponentFamily]
public abstract record TargetMap
{
    /// <summary>Makes the target of each image.</summary>
    /// <param name="clean">[N,H,W]: the maps before the attack.</param>
    /// <returns>[N,H,W], of the type and device of <paramref name="clean"/>; owned by the caller.</returns>
    public abstract Tensor Create(Tensor clean);
}

/// <summary>A frame around the image: 1 on the border, 0 within.</summary>
public sealed record FrameTarget : TargetMap
{
    /// <summary>
    /// Width of the border as a share of height and width, above 0 to 0.5; at least one pixel. 5/32 by default: 5 pixels of CIFAR's 32, 35
    /// of ImageNet's 224 (Joo et al. 2023, evaluation scripts).
    /// </summary>
    public double Border { get; init => field = Require.InRange(Require.Positive(value), 0, 0.5); } = 5.0 / 32;

    /// <inheritdoc/>
    public override Tensor Create(Tensor clean)
    {
        using IDisposable scope = Scope.Holding(clean);
        Tensor rows = OnBorder(clean.shape[1]).reshape(1, -1, 1), columns = OnBorder(clean.shape[2]).reshape(1, 1, -1);
        return maximum(rows, columns).expand(clean.shape).contiguous().MoveToOuterDisposeScope();

        Tensor OnBorder(long length)
        {
            int border = Math.Max(1, (int)Math.Round(Border * length));
            double[] inside = [.. Enumerable.Range(0, (int)length).Select(i => i < border || i >= length - border ? 1.0 : 0.0)];
            return tensor(inside, dtype: clean.dtype, device: clean.device);
        }
    }
}

/// <summary>
/// The clean map of the next image of the batch, that of the first for the last: "another image's map". A batch of one has its own map as target.
/// </summary>
[SavedName("NextPictureTarget")]
public sealed record NextImageTarget : TargetMap
{
    /// <inheritdoc/>
    public override Tensor Create(Tensor clean) => clean.roll(-1, 0);
}

/// <summary>One map for all images.</summary>
public sealed record GivenTarget(int Height, int Width, IReadOnlyList<double> Values) : TargetMap
{
    /// <summary>H in pixels, 1 to 16,384.</summary>
    public int Height { get; init => field = Require.InRange(value, 1, Limits.ImageSide); }
        = Require.InRange(Height, 1, Limits.ImageSide, nameof(Height));

    /// <summary>W in pixels, 1 to 16,384.</summary>
    public int Width { get; init => field = Require.InRange(value, 1, Limits.ImageSide); }
        = Require.InRange(Width, 1, Limits.ImageSide, nameof(Width));

    /// <summary>H·W values, row by row; their scale does not matter where the attack scales its maps.</summary>
    public IReadOnlyList<double> Values { get; init => field = Require.NotNull(value); } = Require.NotNull(Values, nameof(Values));

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The maps are of another size, or there are not H·W values.</exception>
    public override Tensor Create(Tensor clean)
    {
        if (clean.shape[1] != Height || clean.shape[2] != Width || Values.Count != Height * Width)
        {
            throw new ArgumentException(
                $"The target map is {Height}×{Width} with {Values.Count} values; the maps are {clean.shape[1]}×{clean.shape[2]}.");
        }

        using IDisposable scope = Scope.Holding(clean);
        return tensor(Values.ToArray(), dtype: clean.dtype, device: clean.device).reshape(1, Height, Width).expand(clean.shape).contiguous()
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool Equals(GivenTarget? other)
        => other is not null && (Height, Width) == (other.Height, other.Width) && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Height, Width, Values.Count);
}
