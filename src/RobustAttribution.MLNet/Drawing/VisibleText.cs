using System.Globalization;
using System.Text;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>Text as pages, sheets and tables show it: what cannot be seen or written there is escaped, e.g. \u0007.</summary>
internal static class VisibleText
{
    /// <summary>Escapes control characters (U+0000 to U+001F, U+007F to U+009F) and surrogates without their other half.</summary>
    public static string Of(string text)
    {
        int at = 0;
        while (at < text.Length && IsVisible(text, at))
        {
            at++;
        }

        if (at == text.Length)
        {
            return text;
        }

        var visible = new StringBuilder(text, 0, at, text.Length + 8);
        for (; at < text.Length; at++)
        {
            _ = IsVisible(text, at)
                ? visible.Append(text[at])
                : visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[at]:x4}");
        }

        return visible.ToString();
    }

    private static bool IsVisible(string text, int at)
        => char.IsHighSurrogate(text[at]) ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
            : char.IsLowSurrogate(text[at]) ? at > 0 && char.IsHighSurrogate(text[at - 1])
            : !char.IsControl(text[at]);
}
