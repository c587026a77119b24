using Microsoft.ML.Data;
using SkiaSharp;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>White paper that several images and texts are drawn on.</summary>
internal static class Page
{
    /// <summary>The page as an MLImage, which is the caller's.</summary>
    public static MLImage Draw(int width, int height, Action<SKCanvas> draw)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        draw(canvas);
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, bitmap.GetPixelSpan());
    }

    /// <summary>Draws an image of any size into a rectangle, each pixel of it as a block: what the network saw, not a smoothed version.</summary>
    public static void DrawBlocks(this SKCanvas canvas, SKImage image, int left, int top, int width, int height)
    {
        using var paint = new SKPaint { FilterQuality = SKFilterQuality.None };
        canvas.DrawImage(image, SKRect.Create(left, top, width, height), paint);
    }

    /// <summary>A copy of an MLImage, whose pixels are multiplied by alpha.</summary>
    public static SKImage ToSkia(MLImage image)
    {
        SKColorType type = image.PixelFormat == MLPixelFormat.Bgra32 ? SKColorType.Bgra8888 : SKColorType.Rgba8888;
        return SKImage.FromPixelCopy(new SKImageInfo(image.Width, image.Height, type, SKAlphaType.Premul), image.Pixels);
    }
}
