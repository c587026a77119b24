using System.Globalization;
using SkiaSharp;

namespace RobustAttribution.MLNet;

/// <summary>Colours for the values of a map, which readers with a colour vision deficiency and greyscale prints keep apart.</summary>
public sealed class ColorMap
{
    private readonly SKColor[] table = new SKColor[256];

    private ColorMap(string name, bool isDiverging, string stops)
    {
        Name = name;
        IsDiverging = isDiverging;
        uint[] colors = [.. stops.Split(' ').Select(stop => uint.Parse(stop, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        for (int i = 0; i < table.Length; i++)
        {
            double at = (double)i / (table.Length - 1) * (colors.Length - 1);
            int stop = Math.Min((int)at, colors.Length - 2);
            table[i] = new SKColor(Mix(16), Mix(8), Mix(0));

            byte Mix(int channel)
            {
                (uint low, uint high) = (colors[stop] >> channel & 255, colors[stop + 1] >> channel & 255);
                return (byte)Math.Round(low + ((at - stop) * ((double)high - low)));
            }
        }
    }

    /// <summary>Black over purple and orange to light yellow, perceptually uniform (matplotlib's inferno): for maps without sign.</summary>
    public static ColorMap Inferno { get; } = new(
        "inferno",
        isDiverging: false,
        "000004 040312 0b0724 150b37 210c4a 2f0a5b 3d0965 4a0c6b 57106e 64156e 71196e 7d1e6d 8a226a 972766 a32c61 b0315b bc3754 "
        + "c63d4d d04545 da4e3c e35933 eb6429 f1711f f67e14 f98c0a fb9b06 fcaa0f fbba1f f9c932 f5d949 f2e865 f3f586 fcffa4");

    /// <summary>Blue (negative) over white (zero) to red (positive): for signed maps.</summary>
    /// <remarks>Lightness falls evenly from 96 to 30 (CIELAB) on both sides, so that equal magnitudes have equal greys.</remarks>
    public static ColorMap BlueWhiteRed { get; } = new(
        "blue-white-red", isDiverging: true, "004a7c 0071ba 159bf7 a0c6fb f3f3f3 fcb29c ec7251 ba482b 8a1c06");

    /// <summary>The map's usual name.</summary>
    public string Name { get; }

    /// <summary>Whether the middle of the map stands for zero.</summary>
    public bool IsDiverging { get; }

    /// <summary>The colour at a place of the map.</summary>
    /// <param name="position">0 is the first colour, 1 the last; values outside count as the nearer end, NaN as 0.</param>
    public (byte Red, byte Green, byte Blue) At(double position)
    {
        SKColor color = ColorAt(position);
        return (color.Red, color.Green, color.Blue);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal SKColor ColorAt(double position)
        => table[double.IsNaN(position) ? 0 : (int)Math.Round(Math.Clamp(position, 0, 1) * (table.Length - 1))];
}
