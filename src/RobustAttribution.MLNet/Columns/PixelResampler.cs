namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// Brings 4-byte pixels of any size to planes of one size, as bytes/255. Scales by a triangle filter as wide as the step between samples,
/// so shrinking averages and does not skip pixels (what Pillow calls BILINEAR). Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
/// </summary>
internal sealed class PixelResampler(int channels, int height, int width, ResizePolicy policy)
{
    private readonly Filter horizontal = new(width);
    private readonly Filter vertical = new(height);
    private float[] line = []; // [channels, source width] of one row
    private float[] rows = []; // [channels, source height, width]
    private (int Width, int Height) prepared;
    private bool isCopy; // nothing changes, and the filters are not used

    /// <summary>Resamples one image.</summary>
    /// <param name="pixels">Rows of 4 bytes a pixel.</param>
    /// <param name="sourceWidth">In pixels.</param>
    /// <param name="sourceHeight">In pixels.</param>
    /// <param name="blueFirst">Whether the bytes are B, G, R, A; otherwise R, G, B, A. Alpha is left out.</param>
    /// <param name="target">[channels, height, width].</param>
    public void Resample(ReadOnlySpan<byte> pixels, int sourceWidth, int sourceHeight, bool blueFirst, Span<float> target)
    {
        if (prepared != (sourceWidth, sourceHeight))
        {
            Prepare(sourceWidth, sourceHeight);
        }

        for (int y = 0; y < sourceHeight; y++)
        {
            Split(pixels.Slice(4 * y * sourceWidth, 4 * sourceWidth), blueFirst);
            for (int channel = 0; channel < channels; channel++)
            {
                Span<float> row = isCopy
                    ? target.Slice(((channel * height) + y) * width, width)
                    : rows.AsSpan(((channel * sourceHeight) + y) * width, width);
                ReadOnlySpan<float> values = line.AsSpan(channel * sourceWidth, sourceWidth);
                if (isCopy)
                {
                    values.CopyTo(row);
                }
                else
                {
                    horizontal.Apply(values, 1, row, 1);
                }
            }
        }

        for (int channel = 0; channel < channels && !isCopy; channel++)
        {
            for (int x = 0; x < width; x++)
            {
                ReadOnlySpan<float> column = rows.AsSpan((channel * sourceHeight * width) + x, (width * (sourceHeight - 1)) + 1);
                vertical.Apply(column, width, target[((channel * height * width) + x)..], width);
            }
        }

        for (int i = 0; i < channels * height * width; i++)
        {
            target[i] = MathF.Round(Math.Clamp(target[i], 0, 255)) / 255f;
        }
    }

    private void Split(ReadOnlySpan<byte> pixels, bool blueFirst)
    {
        int count = pixels.Length / 4;
        (int red, int blue) = blueFirst ? (2, 0) : (0, 2);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> pixel = pixels.Slice(4 * i, 4);
            if (channels == 1)
            {
                line[i] = (0.299f * pixel[red]) + (0.587f * pixel[1]) + (0.114f * pixel[blue]);
            }
            else
            {
                line[i] = pixel[red];
                line[count + i] = pixel[1];
                line[(2 * count) + i] = pixel[blue];
            }
        }
    }

    private void Prepare(int sourceWidth, int sourceHeight)
    {
        var geometry = new ResizeGeometry(policy, sourceWidth, sourceHeight, width, height);
        isCopy = geometry is { ScaleX: 1, ScaleY: 1 } && (sourceWidth, sourceHeight) == (width, height);
        Grow(ref line, channels * sourceWidth);
        if (!isCopy)
        {
            horizontal.Prepare(sourceWidth, geometry.ScaleX, geometry.OffsetX);
            vertical.Prepare(sourceHeight, geometry.ScaleY, geometry.OffsetY);
            Grow(ref rows, channels * sourceHeight * width);
        }

        prepared = (sourceWidth, sourceHeight);
    }

    /// <summary>
    /// The weights of one direction: for each target place the first source place and the weights from there; none where padding is.
    /// Its memory serves one size of images after the other.
    /// </summary>
    private sealed class Filter(int target)
    {
        private readonly int[] first = new int[target];
        private readonly int[] ends = new int[target]; // where the weights of a place end; they begin where those of the place before it end
        private float[] weights = [];
        private double[] raw = [];

        public void Prepare(int source, double scale, double offset)
        {
            double radius = Math.Max(1, 1 / scale);
            int widest = (int)Math.Min(source, (2 * radius) + 3);
            Grow(ref raw, widest);
            Grow(ref weights, target * widest);
            int end = 0;
            for (int i = 0; i < target; i++)
            {
                double centre = (i + 0.5 - offset) / scale;
                if (centre >= 0 && centre <= source)
                {
                    int low = Math.Max(0, (int)Math.Floor(centre - radius));
                    int count = Math.Min(source - 1, (int)Math.Ceiling(centre + radius)) - low + 1;
                    double sum = 0;
                    for (int j = 0; j < count; j++)
                    {
                        raw[j] = Math.Max(0, 1 - (Math.Abs(low + j + 0.5 - centre) / radius));
                        sum += raw[j];
                    }

                    first[i] = low;
                    for (int j = 0; j < count; j++)
                    {
                        weights[end++] = (float)(raw[j] / sum);
                    }
                }

                ends[i] = end;
            }
        }

        public void Apply(ReadOnlySpan<float> source, int sourceStep, Span<float> target, int targetStep)
        {
            int at = 0;
            for (int i = 0; i < first.Length; i++)
            {
                float sum = 0;
                ReadOnlySpan<float> weight = weights.AsSpan(at, ends[i] - at);
                at = ends[i];
                for (int j = 0; j < weight.Length; j++)
                {
                    sum += weight[j] * source[(first[i] + j) * sourceStep];
                }

                target[i * targetStep] = sum;
            }
        }
    }

    private static void Grow<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }
    }
}
