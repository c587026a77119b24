namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// Brings 4-byte pixels of any size to planes of one size, as bytes/255. Scales by a triangle filter as wide as the step between samples,
/// so shrinking averages and does not skip pixels (what Pillow calls BILINEAR). Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
/// </summary>
internal sealed class PixelResampler(int channels, int height, int width, ResizePolicy policy)
{
    private float[] planes = []; // [channels, source height, source width]
    private float[] rows = []; // [source height, width] of one channel
    private (int Width, int Height) prepared;
    private Filter horizontal;
    private Filter vertical;

    /// <summary>Resamples one image.</summary>
    /// <param name="pixels">Rows of 4 bytes a pixel.</param>
    /// <param name="sourceWidth">In pixels.</param>
    /// <param name="sourceHeight">In pixels.</param>
    /// <param name="blueFirst">Whether the bytes are B, G, R, A; otherwise R, G, B, A. Alpha is left out.</param>
    /// <param name="target">[channels, height, width].</param>
    public void Resample(ReadOnlySpan<byte> pixels, int sourceWidth, int sourceHeight, bool blueFirst, Span<float> target)
    {
        int area = sourceWidth * sourceHeight;
        if (planes.Length < channels * area)
        {
            planes = new float[channels * area];
        }

        Split(pixels, area, blueFirst);
        if (sourceWidth == width && sourceHeight == height)
        {
            Store(planes.AsSpan(0, channels * area), target);
            return;
        }

        if (prepared != (sourceWidth, sourceHeight))
        {
            Prepare(sourceWidth, sourceHeight);
        }

        if (rows.Length < width * sourceHeight)
        {
            rows = new float[width * sourceHeight];
        }

        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<float> plane = planes.AsSpan(channel * area, area);
            for (int y = 0; y < sourceHeight; y++)
            {
                horizontal.Apply(plane.Slice(y * sourceWidth, sourceWidth), 1, rows.AsSpan(y * width, width), 1);
            }

            Span<float> output = target.Slice(channel * height * width, height * width);
            for (int x = 0; x < width; x++)
            {
                vertical.Apply(rows.AsSpan(x, (width * (sourceHeight - 1)) + 1), width, output[x..], width);
            }

            Store(output, output);
        }
    }

    private static void Store(ReadOnlySpan<float> values, Span<float> target)
    {
        for (int i = 0; i < values.Length; i++)
        {
            target[i] = MathF.Round(Math.Clamp(values[i], 0, 255)) / 255f;
        }
    }

    private void Split(ReadOnlySpan<byte> pixels, int area, bool blueFirst)
    {
        (int red, int blue) = blueFirst ? (2, 0) : (0, 2);
        for (int i = 0; i < area; i++)
        {
            ReadOnlySpan<byte> pixel = pixels.Slice(4 * i, 4);
            if (channels == 1)
            {
                planes[i] = (0.299f * pixel[red]) + (0.587f * pixel[1]) + (0.114f * pixel[blue]);
            }
            else
            {
                planes[i] = pixel[red];
                planes[area + i] = pixel[1];
                planes[(2 * area) + i] = pixel[blue];
            }
        }
    }

    private void Prepare(int sourceWidth, int sourceHeight)
    {
        double x = (double)width / sourceWidth;
        double y = (double)height / sourceHeight;
        double both = policy == ResizePolicy.Crop ? Math.Max(x, y) : Math.Min(x, y);
        (double scaleX, double scaleY) = policy == ResizePolicy.Fill ? (x, y) : (both, both);
        horizontal = new Filter(sourceWidth, width, scaleX);
        vertical = new Filter(sourceHeight, height, scaleY);
        prepared = (sourceWidth, sourceHeight);
    }

    /// <summary>The weights of one direction: for each target place the first source place and the weights from there; none where padding is.</summary>
    private readonly struct Filter
    {
        private readonly int[] first;
        private readonly float[][] weights;

        public Filter(int source, int target, double scale)
        {
            first = new int[target];
            weights = new float[target][];
            double offset = (target - (source * scale)) / 2; // the scaled image is centred: above 0 padding, below 0 cropping
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
