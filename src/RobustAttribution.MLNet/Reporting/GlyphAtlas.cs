using System.Buffers.Binary;
using System.Collections.Frozen;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The shape of one character: coverage 0…255, <see cref="Advance"/> wide and <see cref="GlyphAtlas.LineHeight"/> high.</summary>
internal sealed record Glyph(int Advance, ReadOnlyMemory<byte> Coverage);

/// <summary>DejaVu Sans at 15 pixels, drawn beforehand: captions look the same on every machine and need no font there.</summary>
internal static class GlyphAtlas
{
    private const char Missing = '\uFFFD';
    private static readonly FrozenDictionary<char, Glyph> Glyphs = Load();

    public static int LineHeight { get; private set; }

    public static Glyph Of(char character) => Glyphs.GetValueOrDefault(character) ?? Glyphs[Missing];

    /// <summary>The width of a line of text in pixels.</summary>
    public static int Measure(string text, int scale = 1) => scale * text.Sum(character => Of(character).Advance);

    /// <summary>The text, shortened with … where it is wider than allowed.</summary>
    public static string Fit(string text, int width, int scale = 1)
    {
        if (Measure(text, scale) <= width)
        {
            return text;
        }

        int kept = text.Length;
        while (kept > 0 && Measure(text[..kept] + "…", scale) > width)
        {
            kept--;
        }

        return kept == 0 ? string.Empty : text[..kept].TrimEnd() + "…";
    }

    private static FrozenDictionary<char, Glyph> Load()
    {
        ReadOnlyMemory<byte> bytes = EmbeddedResource.Read("glyphs.bin");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span);
        LineHeight = bytes.Span[2];
        var glyphs = new Dictionary<char, Glyph>(count);
        for (int i = 0, at = 3; i < count; i++)
        {
            char character = (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[at..]);
            int advance = bytes.Span[at + 2];
            glyphs.Add(character, new Glyph(advance, bytes.Slice(at + 3, advance * LineHeight)));
            at += 3 + (advance * LineHeight);
        }

        return glyphs.ToFrozenDictionary();
    }
}
