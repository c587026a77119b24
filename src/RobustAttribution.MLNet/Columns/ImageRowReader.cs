using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Reads the image in the current row of a cursor.</summary>
/// <param name="name">The column's name, for errors.</param>
/// <param name="source">The row or cursor read.</param>
internal abstract class ImageRowReader(string name, DataViewRow source)
{
    /// <summary>Writes the current row's C·H·W values in [0, 1].</summary>
    /// <exception cref="BrokenImageException">The row has no readable image.</exception>
    public abstract void Read(Span<float> target);

    protected BrokenImageException WrongLength(int length, InputSpecification input)
        => Broken(length == 0 ? "the image is missing." : $"{length} values; the network takes {input.Channels}×{input.Height}×{input.Width}.");

    protected BrokenImageException Broken(string what) => new($"Image column '{name}', row {source.Position}: {what}");
}

/// <summary>Reads float vectors.</summary>
internal sealed class FloatVectorReader(string name, DataViewRow source, DataViewSchema.Column column, InputSpecification input, PixelScale scale)
    : ImageRowReader(name, source)
{
    private readonly ValueGetter<VBuffer<float>> getter = source.GetGetter<VBuffer<float>>(column);
    private readonly float top = scale == PixelScale.Bytes ? 255 : 1;
    private VBuffer<float> buffer;

    public override void Read(Span<float> target)
    {
        getter(ref buffer);
        if (buffer.Length != target.Length)
        {
            throw WrongLength(buffer.Length, input);
        }

        ReadOnlySpan<float> values = buffer.GetValues();
        if (!buffer.IsDense)
        {
            buffer.CopyTo(target);
            values = target;
        }

        Vector<float> tops = new(top);
        int at = 0;
        for (; at <= values.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            var part = new Vector<float>(values[at..]);
            if (!Vector.GreaterThanOrEqualAll(part, Vector<float>.Zero) || !Vector.LessThanOrEqualAll(part, tops)) // so is NaN
            {
                throw OutOfRange(values);
            }

            (part / tops).CopyTo(target[at..]);
        }

        for (; at < values.Length; at++)
        {
            target[at] = values[at] >= 0 && values[at] <= top ? values[at] / top : throw OutOfRange(values);
        }
    }

    private BrokenImageException OutOfRange(ReadOnlySpan<float> values)
    {
        int i = 0;
        while (values[i] >= 0 && values[i] <= top)
        {
            i++;
        }

        return Broken(float.IsNaN(values[i])
            ? $"value {i} is missing (NaN)."
            : $"value {i} is {values[i]}; PixelScale = {scale} allows 0 to {top}."
                + (top == 1 ? " Images in 0…255 need PixelScale = Bytes." : string.Empty));
    }
}

/// <summary>Reads byte vectors.</summary>
internal sealed class ByteVectorReader(
    string name, DataViewRow source, DataViewSchema.Column column, InputSpecification input) : ImageRowReader(name, source)
{
    private readonly ValueGetter<VBuffer<byte>> getter = source.GetGetter<VBuffer<byte>>(column);
    private readonly byte[] bytes = new byte[input.ValueCount];
    private VBuffer<byte> buffer;

    public override void Read(Span<float> target)
    {
        getter(ref buffer);
        if (buffer.Length != target.Length)
        {
            throw WrongLength(buffer.Length, input);
        }

        buffer.CopyTo(bytes);
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = bytes[i] / 255f;
        }
    }
}

/// <summary>Reads MLImages of any size.</summary>
internal sealed class ImageReader(string name, DataViewRow source, DataViewSchema.Column column, InputSpecification input, ResizePolicy resize)
    : ImageRowReader(name, source)
{
    private readonly MLImageReader reader = new(source, column);
    private readonly PixelResampler resampler = new(input.Channels, input.Height, input.Width, resize);

    public override void Read(Span<float> target)
    {
        MLImage image = reader.Read();
        if (input.Channels is not 1 and not 3)
        {
            throw Broken($"the network takes {input.Channels} channels; an MLImage gives 1 or 3.");
        }

        resampler.Resample(image.Pixels, image.Width, image.Height, image.PixelFormat == MLPixelFormat.Bgra32, target);
    }
}
