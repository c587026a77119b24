namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// Brings 4-byte pixels of any size to planes of one size, as bytes/255. Scales by a triangle filter as wide as the step between samples,
/// so shrinking averages and does not skip pixels (what Pillow calls BILINEAR). Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
/// </summary>
internal sealed class PixelResampler(int channels, int height, int width, ResizePolicy policy)
{
    private float[] line = []; // [channels, source width] of one row
    private float[] rows = []; // [channels, source height, width]
    private (int Width, int Height) prepared;
    private (Filter Horizontal, Filter Vertical)? filters; // null where nothing changes

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
                Span<float> row = filters is null
                    ? target.Slice(((channel * height) + y) * width, width)
                    : rows.AsSpan(((channel * sourceHeight) + y) * width, width);
                ReadOnlySpan<float> values = line.AsSpan(channel * sourceWidth, sourceWidth);
                if (filters is var (horizontal, _))
                {
                    horizontal.Apply(values, 1, row, 1);
                }
                else
                {
                    values.CopyTo(row);
                }
            }
        }

        for (int channel = 0; channel < channels && filters is var (_, vertical); channel++)
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
        filters = geometry is { ScaleX: 1, ScaleY: 1 } && (sourceWidth, sourceHeight) == (width, height)
            ? null
            : (new(sourceWidth, width, geometry.ScaleX, geometry.OffsetX), new(sourceHeight, height, geometry.ScaleY, geometry.OffsetY));
        Grow(ref line, channels * sourceWidth);
        Grow(ref rows, filters is null ? 0 : channels * sourceHeight * width);
        prepared = (sourceWidth, sourceHeight);

        static void Grow(ref float[] buffer, int length)
        {
            if (buffer.Length < length)
            {
                buffer = new float[length];
            }
        }
    }

    /// <summary>
    /// The weights of one direction: for each target place the first source place and the weights from there; none where padding is.
    /// </summary>
    private readonly struct Filter
    {
        private readonly int[] first;
        private readonly float[][] weights;

        public Filter(int source, int target, double scale, double offset)
        {
            first = new int[target];
            weights = new float[target][];
            double radius = Math.Max(1, 1 / scale);
            for (int i = 0; i < target; i++)
            {
                double centre = (i + 0.5 - offset) / scale;
                if (centre < 0 || centre > source)
                {
                    weights[i] = [];
                    continue;
                }

                int low = Math.Max(0, (int)Math.Floor(centre - radius));
                int high = Math.Min(source - 1, (int)Math.Ceiling(centre + radius));
                double[] raw = Enumerable.Range(low, high - low + 1).Select(j => Math.Max(0, 1 - (Math.Abs(j + 0.5 - centre) / radius))).ToArray();
                double sum = raw.Sum();
                first[i] = low;
                weights[i] = Array.ConvertAll(raw, weight => (float)(weight / sum));
            }
        }

        public void Apply(ReadOnlySpan<float> source, int sourceStep, Span<float> target, int targetStep)
        {
            for (int i = 0; i < first.Length; i++)
            {
                float sum = 0;
                float[] weight = weights[i];
                for (int j = 0; j < weight.Length; j++)
                {
                    sum += weight[j] * source[(first[i] + j) * sourceStep];
                }

                target[i * targetStep] = sum;
            }
        }
    }
}
