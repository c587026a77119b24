using SkiaSharp;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>Text in DejaVu Sans, which the assembly carries, without hinting: the same on every machine, with or without fonts of its own.</summary>
internal sealed class Lettering
{
    private static readonly SKTypeface Face = Load();
    private readonly float size;
    private readonly float ascent;

    private Lettering(float size)
    {
        this.size = size;
        using SKFont font = CreateFont();
        ascent = -font.Metrics.Ascent;
        LineHeight = (int)MathF.Ceiling(ascent + font.Metrics.Descent);
    }

    /// <summary>15 pixels, for everything but headlines.</summary>
    public static Lettering Text { get; } = new(15);

    /// <summary>26 pixels.</summary>
    public static Lettering Title { get; } = new(26);

    public int LineHeight { get; }

    /// <summary>The width of a line of text in pixels, rounded up.</summary>
    public int Measure(string text)
    {
        text = VisibleText.Of(text);
        using SKFont font = CreateFont();
        ushort[] glyphs = new ushort[font.CountGlyphs(text)];
        font.GetGlyphs(text, glyphs);
        return (int)MathF.Ceiling(font.MeasureText(glyphs));
    }

    /// <summary>The text, shortened with … where it is wider than allowed.</summary>
    public string Fit(string text, int width)
    {
        text = VisibleText.Of(text);
        if (Measure(text) <= width)
        {
            return text;
        }

        int kept = text.Length;
        while (kept > 0 && (char.IsHighSurrogate(text[kept - 1]) || Measure(text[..kept] + "…") > width))
        {
            kept--;
        }

        return kept == 0 ? string.Empty : text[..kept].TrimEnd() + "…";
    }

    /// <summary>Draws one line; a character that the font lacks is drawn as a box.</summary>
    public void Write(SKCanvas canvas, int left, int top, string text, SKColor color)
    {
        using SKFont font = CreateFont();
        text = VisibleText.Of(text);
        using var ink = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, left, top + ascent, font, ink);
    }

    private SKFont CreateFont() => new(Face, size) { Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None, Subpixel = true };

    private static SKTypeface Load()
    {
        const string Resource = "RobustAttribution.MLNet.Drawing.Resources.DejaVuSans.ttf";
        using Stream stream = typeof(Lettering).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {Resource}.");
        return SKTypeface.FromStream(stream);
    }
}
