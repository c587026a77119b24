using System.Buffers.Binary;
using System.Collections.Frozen;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>The shape of one character: coverage 0…255, <see cref="Advance"/> wide and <see cref="GlyphAtlas.LineHeight"/> high.</summary>
internal sealed record Glyph(int Advance, ReadOnlyMemory<byte> Coverage);

/// <summary>DejaVu Sans of one size, drawn beforehand: captions look the same on every machine and need no font there.</summary>
internal sealed class GlyphAtlas
{
    private const char Missing = '\uFFFD';
    private readonly FrozenDictionary<char, Glyph> glyphs;

    private GlyphAtlas(string resource)
    {
        ReadOnlyMemory<byte> bytes = EmbeddedResource.Read(resource);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span);
        LineHeight = bytes.Span[2];
        var found = new Dictionary<char, Glyph>(count);
        for (int i = 0, at = 3; i < count; i++)
        {
            char character = (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[at..]);
            int advance = bytes.Span[at + 2];
            found.Add(character, new Glyph(advance, bytes.Slice(at + 3, advance * LineHeight)));
            at += 3 + (advance * LineHeight);
        }

        glyphs = found.ToFrozenDictionary();
    }

    /// <summary>15 pixels, for everything but headlines.</summary>
    public static GlyphAtlas Text { get; } = new("text.glyphs");

    /// <summary>26 pixels.</summary>
    public static GlyphAtlas Title { get; } = new("title.glyphs");

    public int LineHeight { get; }

    public Glyph Of(char character) => glyphs.GetValueOrDefault(character) ?? glyphs[Missing];

    /// <summary>The width of a line of text in pixels.</summary>
    public int Measure(string text) => text.Sum(character => Of(character).Advance);

    /// <summary>The text, shortened with … where it is wider than allowed.</summary>
    public string Fit(string text, int width)
    {
        if (Measure(text) <= width)
        {
            return text;
        }

        int kept = text.Length;
        while (kept > 0 && Measure(text[..kept] + "…") > width)
        {
            kept--;
        }

        return kept == 0 ? string.Empty : text[..kept].TrimEnd() + "…";
    }
}
