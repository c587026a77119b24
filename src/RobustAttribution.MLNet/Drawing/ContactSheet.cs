using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;
using SkiaSharp;

namespace RobustAttribution.MLNet;

/// <summary>One image or map of a <see cref="ContactSheet"/>, with up to a few lines below it.</summary>
public sealed class ContactSheetCell
{
    private ContactSheetCell(DrawnImage drawn, IReadOnlyList<string> captions)
    {
        Drawn = drawn;
        Captions = captions;
    }

    internal DrawnImage Drawn { get; }

    internal IReadOnlyList<string> Captions { get; }

    /// <summary>An image: C·H·W values in [0, 1], one channel or three.</summary>
    public static ContactSheetCell Image(ReadOnlySpan<float> image, int channels, int height, int width, params IReadOnlyList<string> captions)
        => new(DrawnImage.OfImage(image, channels, height, width), captions);

    /// <summary>A map: H·W values; <paramref name="scale"/> gets the last colour, so that maps drawn with one scale can be compared.</summary>
    /// <remarks>Null is the map's largest magnitude; <see cref="SaliencyImage.ClipValue"/> gives a scale that hot pixels do not decide.</remarks>
    public static ContactSheetCell Map(
        ReadOnlySpan<float> map,
        int height,
        int width,
        double? scale = null,
        ColorMap? colors = null,
        params IReadOnlyList<string> captions)
        => new(DrawnImage.OfMap(map, height, width, scale, colors), captions);

    /// <summary>An image in grey with its map laid over it, see <see cref="SaliencyImage.Overlay"/>.</summary>
    public static ContactSheetCell Overlay(
        ReadOnlySpan<float> image,
        int channels,
        ReadOnlySpan<float> map,
        int height,
        int width,
        double? scale = null,
        ColorMap? colors = null,
        params IReadOnlyList<string> captions)
        => new(DrawnImage.Overlay(image, channels, map, height, width, 0.8, scale, colors), captions);

    /// <summary>The most salient pixels of an image, see <see cref="SaliencyImage.Masked"/>.</summary>
    public static ContactSheetCell Masked(
        ReadOnlySpan<float> image,
        int channels,
        ReadOnlySpan<float> map,
        int height,
        int width,
        double share = 0.2,
        params IReadOnlyList<string> captions)
        => new(DrawnImage.Masked(image, channels, map, height, width, share), captions);

    /// <summary>What was added to an image, drawn around middle grey: C·H·W differences, magnified.</summary>
    public static ContactSheetCell Perturbation(
        ReadOnlySpan<float> difference, int channels, int height, int width, double magnification, params IReadOnlyList<string> captions)
        => new(DrawnImage.OfDifference(difference, channels, height, width, magnification), captions);
}

/// <summary>The colours of a sheet's maps, and what the two ends stand for.</summary>
/// <param name="Colors">The colour map.</param>
/// <param name="Low">Written at the first colour, e.g. "0".</param>
/// <param name="High">Written at the last colour, e.g. "largest value of the row".</param>
public sealed record ColorBar(ColorMap Colors, string Low, string High)
{
    /// <summary>The bar of maps drawn with one scale, with its numbers: from 0, or from −scale with a diverging colour map, to the scale.</summary>
    /// <param name="colors">The colour map.</param>
    /// <param name="scale">The value with the last colour, see <see cref="SaliencyImage.ClipValue"/>; written with three digits.</param>
    public static ColorBar UpTo(ColorMap colors, double scale)
    {
        string number = scale.ToString("G3", CultureInfo.InvariantCulture);
        return new(colors, Require.NotNull(colors, nameof(colors)).IsDiverging ? $"≤ -{number}" : "0", $"≥ {number}");
    }
}

/// <summary>A page of images and maps in rows and columns, with titles and captions: the image to show to someone.</summary>
/// <example>
/// <code>
/// var sheet = new ContactSheet("Explanations under attack") { Columns = ["image", "map", "attacked map"] };
/// sheet.Add("sneaker", [ContactSheetCell.Image(...), ContactSheetCell.Map(...), ContactSheetCell.Map(...)]);
/// using MLImage page = sheet.Render();
/// page.Save("sheet.png");
/// </code>
/// </example>
/// <param name="title">The headline.</param>
public sealed class ContactSheet(string title)
{
    private const int Gap = 14;
    private const int Margin = 24;
    private const int BarWidth = 192;
    private static readonly SKColor Ink = new(28, 30, 34);
    private static readonly SKColor Faint = new(96, 100, 108);
    private static readonly SKColor Rule = new(206, 210, 216);
    private readonly List<(string Label, IReadOnlyList<ContactSheetCell> Cells)> rows = [];

    /// <summary>Lines under the headline: what is shown, the budget, the scale of the maps.</summary>
    public IReadOnlyList<string> Subtitles { get; init; } = [];

    /// <summary>The heading of each column.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Headings that span several columns: text and number of columns, from the left; null text leaves the place empty.</summary>
    public IReadOnlyList<(string? Text, int Span)> ColumnGroups { get; init; } = [];

    /// <summary>A bar of the maps' colours at the bottom; null, the default, for none.</summary>
    public ColorBar? ColorBar { get; init; }

    /// <summary>Side of the square each image is drawn in, pixels, at least 16. 132 by default.</summary>
    public int CellSize { get; init => field = Require.InRange(value, 16); } = 132;

    /// <summary>Adds a row.</summary>
    /// <param name="label">Written at its left.</param>
    /// <param name="cells">As many as <see cref="Columns"/>.</param>
    /// <exception cref="ArgumentException">The number of cells is another.</exception>
    public void Add(string label, IReadOnlyList<ContactSheetCell> cells)
    {
        Require.NotNull(cells, nameof(cells));
        if (cells.Count != Columns.Count)
        {
            throw new ArgumentException($"The row '{label}' has {cells.Count} cells; the sheet has {Columns.Count} columns.", nameof(cells));
        }

        rows.Add((label, cells));
    }

    /// <summary>Draws the page.</summary>
    /// <exception cref="InvalidOperationException">There is no row yet.</exception>
    public MLImage Render()
    {
        if (rows.Count == 0)
        {
            throw new InvalidOperationException($"The contact sheet '{title}' has no row.");
        }

        int line = Lettering.Text.LineHeight;
        int labelWidth = rows.Max(row => Lettering.Text.Measure(row.Label)) + Gap;
        int[] rowHeights = [.. rows.Select(row => CellSize + 4 + (line * row.Cells.Max(cell => cell.Captions.Count)) + Gap)];
        int header = Margin + Lettering.Title.LineHeight + 4 + (Subtitles.Count * (line + 2)) + Gap;
        int groups = ColumnGroups.Count > 0 ? line + 8 : 0;
        int bar = ColorBar is null ? 0 : line + Gap;
        int[] widths =
        [
            labelWidth + (Columns.Count * (CellSize + Gap)) - Gap,
            Lettering.Title.Measure(title),
            .. Subtitles.Select(Lettering.Text.Measure),
            ColorBar is null ? 0 : Lettering.Text.Measure(ColorBar.Low) + Lettering.Text.Measure(ColorBar.High) + BarWidth + (2 * Gap),
        ];
        return Page.Draw((2 * Margin) + widths.Max(), header + groups + line + 6 + rowHeights.Sum() + bar + Margin, canvas =>
        {
            int y = Margin;
            Lettering.Title.Write(canvas, Margin, y, title, Ink);
            y += Lettering.Title.LineHeight + 4;
            foreach (string text in Subtitles)
            {
                Lettering.Text.Write(canvas, Margin, y, text, Faint);
                y += line + 2;
            }

            DrawGroups(canvas, header, labelWidth);
            y = header + groups;
            for (int column = 0; column < Columns.Count; column++)
            {
                Centre(canvas, Left(column, labelWidth), y, CellSize, Gap - 2, Columns[column], Ink);
            }

            y += line + 6;
            foreach (((string label, IReadOnlyList<ContactSheetCell> cells), int height) in rows.Zip(rowHeights))
            {
                Lettering.Text.Write(canvas, Margin, y + ((CellSize - line) / 2), label, Ink);
                for (int column = 0; column < cells.Count; column++)
                {
                    DrawCell(canvas, Left(column, labelWidth), y, cells[column]);
                }

                y += height;
            }

            DrawBar(canvas, y);
        });
    }

    private static void Fill(SKCanvas canvas, int left, int top, int width, int height)
    {
        using var paint = new SKPaint { Color = Rule };
        canvas.DrawRect(left, top, width, height, paint);
    }

    private static void Centre(SKCanvas canvas, int left, int top, int width, int overhang, string text, SKColor color)
    {
        string fitted = Lettering.Text.Fit(text, width + overhang);
        Lettering.Text.Write(canvas, left + ((width - Lettering.Text.Measure(fitted)) / 2), top, fitted, color);
    }

    private int Left(int column, int labelWidth) => Margin + labelWidth + (column * (CellSize + Gap));

    private void DrawGroups(SKCanvas canvas, int top, int labelWidth)
    {
        int column = 0;
        foreach ((string? text, int span) in ColumnGroups)
        {
            if (text is not null)
            {
                int left = Left(column, labelWidth);
                int width = (span * (CellSize + Gap)) - Gap;
                Centre(canvas, left, top, width, 0, text, Ink);
                Fill(canvas, left, top + Lettering.Text.LineHeight + 2, width, 1);
            }

            column += span;
        }
    }

    private void DrawCell(SKCanvas canvas, int left, int top, ContactSheetCell cell)
    {
        double scale = (double)CellSize / Math.Max(cell.Drawn.Width, cell.Drawn.Height);
        int width = (int)Math.Round(cell.Drawn.Width * scale);
        int height = (int)Math.Round(cell.Drawn.Height * scale);
        Fill(canvas, left - 1, top - 1, CellSize + 2, CellSize + 2);
        using (SKImage image = cell.Drawn.ToSkia())
        {
            canvas.DrawBlocks(image, left + ((CellSize - width) / 2), top + ((CellSize - height) / 2), width, height);
        }

        for (int i = 0; i < cell.Captions.Count; i++)
        {
            Centre(canvas, left, top + CellSize + 4 + (i * Lettering.Text.LineHeight), CellSize, Gap - 2, cell.Captions[i], Faint);
        }
    }

    private void DrawBar(SKCanvas canvas, int top)
    {
        if (ColorBar is null)
        {
            return;
        }

        int left = Margin + Lettering.Text.Measure(ColorBar.Low) + Gap;
        int height = Lettering.Text.LineHeight;
        Lettering.Text.Write(canvas, Margin, top, ColorBar.Low, Faint);
        Fill(canvas, left - 1, top - 1, BarWidth + 2, height + 2);
        using SKImage bar = DrawnImage.OfColors(ColorBar.Colors, BarWidth).ToSkia();
        canvas.DrawBlocks(bar, left, top, BarWidth, height);
        Lettering.Text.Write(canvas, left + BarWidth + Gap, top, ColorBar.High, Faint);
    }
}
