using SkiaSharp;

namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>The image in grey with the map over it, at the image's own size.</summary>
internal static class Overlay
{
    private const double Percentile = 0.99; // colours end here, so that a single pixel does not darken the rest

    public static void Save(SKBitmap image, float[] map, OnnxClassifier model, string path)
    {
        double top = map.Select(Math.Abs).Order().ElementAt((int)(Percentile * (map.Length - 1)));
        var placement = Placement.Of(model, image.Width, image.Height);
        using var drawn = new SKBitmap(image.Width, image.Height);
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                double value = At(map, model, ((x + 0.5) * placement.ScaleX) + placement.OffsetX - 0.5, ((y + 0.5) * placement.ScaleY) + placement.OffsetY - 0.5);
                double share = top > 0 ? Math.Clamp(Math.Abs(value) / top, 0, 1) : 0;
                SKColor pixel = image.GetPixel(x, y), color = value < 0 ? new SKColor(0x15, 0x9b, 0xf7) : new SKColor(0xf6, 0x7e, 0x14);
                double grey = (0.299 * pixel.Red) + (0.587 * pixel.Green) + (0.114 * pixel.Blue);
                drawn.SetPixel(x, y, new SKColor(Mix(color.Red), Mix(color.Green), Mix(color.Blue)));

                byte Mix(byte channel) => (byte)((grey * (1 - share)) + (channel * share));
            }
        }

        using SKData file = drawn.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream stream = File.Create(path);
        file.SaveTo(stream);
    }

    // Between pixels; outside of what the network saw, 0.
    private static double At(float[] map, OnnxClassifier model, double x, double y)
    {
        if (x < -0.5 || y < -0.5 || x > model.Width - 0.5 || y > model.Height - 0.5)
        {
            return 0;
        }

        (int left, int upper) = (Math.Clamp((int)Math.Floor(x), 0, model.Width - 1), Math.Clamp((int)Math.Floor(y), 0, model.Height - 1));
        (int right, int lower) = (Math.Min(left + 1, model.Width - 1), Math.Min(upper + 1, model.Height - 1));
        (double across, double down) = (Math.Clamp(x - left, 0, 1), Math.Clamp(y - upper, 0, 1));
        return (((Value(left, upper) * (1 - across)) + (Value(right, upper) * across)) * (1 - down)) + (((Value(left, lower) * (1 - across)) + (Value(right, lower) * across)) * down);

        double Value(int column, int row) => map[(row * model.Width) + column];
    }
}
