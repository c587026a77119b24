using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet;

/// <summary>Colours for the values of a map. Both maps read the same to the colour-blind.</summary>
public sealed class ColorMap
{
    private const int Entries = 256;
    private static readonly byte[] Tables = EmbeddedResource.Read("colormaps.bin");
    private readonly int start;

    private ColorMap(string name, int index, bool isDiverging)
    {
        Name = name;
        IsDiverging = isDiverging;
        start = index * Entries * 3;
    }

    /// <summary>Black over purple and orange to light yellow, perceptually uniform (matplotlib's inferno): for maps without sign.</summary>
    public static ColorMap Inferno { get; } = new("inferno", 0, isDiverging: false);

    /// <summary>Blue (negative) over light grey (zero) to red (positive) (Moreland 2009): for signed maps.</summary>
    public static ColorMap CoolWarm { get; } = new("cool-warm", 1, isDiverging: true);

    /// <summary>The map's usual name.</summary>
    public string Name { get; }

    /// <summary>Whether the middle of the map stands for zero.</summary>
    public bool IsDiverging { get; }

    /// <summary>The colour at a place of the map.</summary>
    /// <param name="position">0 is the first colour, 1 the last; values outside count as the nearer end, NaN as 0.</param>
    public (byte Red, byte Green, byte Blue) At(double position)
    {
        int entry = double.IsNaN(position) ? 0 : (int)Math.Round(Math.Clamp(position, 0, 1) * (Entries - 1));
        ReadOnlySpan<byte> color = Tables.AsSpan(start + (3 * entry), 3);
        return (color[0], color[1], color[2]);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
