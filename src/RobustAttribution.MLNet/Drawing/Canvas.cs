using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>An image that is being drawn: RGBA bytes, row by row from the top. Whatever falls outside is left out.</summary>
internal sealed class Canvas
{
    private const int BytesPerPixel = 4;
    private readonly byte[] pixels;

    public Canvas(int width, int height, (byte Red, byte Green, byte Blue) background)
    {
        Width = Require.InRange(width, 1, name: nameof(width));
        Height = Require.InRange(height, 1, name: nameof(height));
        pixels = new byte[checked(width * height * BytesPerPixel)];
        Fill(0, 0, width, height, background);
    }

    public int Width { get; }

    public int Height { get; }

    public ReadOnlySpan<byte> Pixels => pixels;

    public (byte Red, byte Green, byte Blue) this[int x, int y]
    {
        get
        {
            int at = ((y * Width) + x) * BytesPerPixel;
            return (pixels[at], pixels[at + 1], pixels[at + 2]);
        }

        set
        {
            if ((uint)x < (uint)Width && (uint)y < (uint)Height)
            {
                int at = ((y * Width) + x) * BytesPerPixel;
                (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]) = (value.Red, value.Green, value.Blue, byte.MaxValue);
            }
        }
    }

    public void Fill(int left, int top, int width, int height, (byte Red, byte Green, byte Blue) color)
    {
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                this[x, y] = color;
            }
        }
    }

    /// <summary>Draws an image of any size into a rectangle, each pixel of it as a block: what the network saw, not a smoothed version.</summary>
    public void Draw(int left, int top, int width, int height, int sourceWidth, int sourceHeight, Func<int, int, (byte Red, byte Green, byte Blue)> colorAt)
    {
        for (int y = 0; y < height; y++)
        {
            int sourceY = y * sourceHeight / height;
            for (int x = 0; x < width; x++)
            {
                this[left + x, top + y] = colorAt(x * sourceWidth / width, sourceY);
            }
        }
    }

    /// <summary>Draws one line of text.</summary>
    /// <param name="left">The left edge.</param>
    /// <param name="top">The top of the line.</param>
    /// <param name="text">Characters that the font lacks are drawn as �.</param>
    /// <param name="color">The ink.</param>
    /// <param name="font">The size; null is that of ordinary text.</param>
    public void Write(int left, int top, string text, (byte Red, byte Green, byte Blue) color, GlyphAtlas? font = null)
    {
        font ??= GlyphAtlas.Text;
        foreach (char character in text)
        {
            Glyph glyph = font.Of(character);
            for (int i = 0; i < glyph.Coverage.Length; i++)
            {
                Blend(left + (i % glyph.Advance), top + (i / glyph.Advance), color, glyph.Coverage.Span[i]);
            }

            left += glyph.Advance;
        }
    }

    public MLImage ToImage() => MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels);

    private void Blend(int x, int y, (byte Red, byte Green, byte Blue) color, int coverage)
    {
        if (coverage > 0 && (uint)x < (uint)Width && (uint)y < (uint)Height)
        {
            (byte red, byte green, byte blue) = this[x, y];
            this[x, y] = (Mix(red, color.Red), Mix(green, color.Green), Mix(blue, color.Blue));
        }

        byte Mix(byte under, byte over) => (byte)(((under * (255 - coverage)) + (over * coverage) + 127) / 255);
    }
}
