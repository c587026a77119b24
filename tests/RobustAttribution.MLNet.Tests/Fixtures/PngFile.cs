using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>The bytes of PNG files with known pixels.</summary>
internal static class PngFile
{
    public static byte[] Plain(int width, int height) => Of(width, height, new SKColor(10, 20, 30), new Random(0), 0, 0, 0);

    /// <summary>A plain background with rectangles of random places and colours.</summary>
    public static byte[] Of(int width, int height, SKColor background, Random random, int count, int blockWidth, int blockHeight)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque);
        bitmap.Erase(background);
        for (int i = 0; i < count; i++)
        {
            (int left, int top) = (random.Next(width), random.Next(height));
            var place = new SKRectI(left, top, Math.Min(width, left + blockWidth), Math.Min(height, top + blockHeight));
            bitmap.Erase(new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)), place);
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
