using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.Localization;
using RobustAttribution.MLNet;

namespace RobustAttribution.Benchmarks;

/// <summary>Draws the first test images with their true boxes, and each network's map with the box that it gives.</summary>
internal static class ExamplePage
{
    private const int Count = 8;
    private const int Zoom = 4;
    private const int Side = PastedItem.Side * Zoom;
    private static readonly (byte, byte, byte) White = (255, 255, 255);
    private static readonly (byte, byte, byte) Blue = (86, 180, 233); // apart from inferno's colours and white for every kind of colour vision

    public static void Save(string path, IReadOnlyList<(string Name, LocalizedModel Model)> models)
    {
        string clip = string.Create(CultureInfo.InvariantCulture, $"{SaliencyImage.DefaultClipPercentile}th percentile");
        var sheet = new ContactSheet("Objects found by saliency maps alone")
        {
            Subtitles =
            [
                "The first test images; white: true box, blue: box of the map at the threshold chosen on the validation images.",
                $"Each map has a scale of its own, clipped at its {clip}. Below: IoU, intersection over union.",
            ],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {clip}"),
            Columns = ["image", .. models.Select(model => model.Name)],
            CellSize = 168,
        };
        IReadOnlyList<LocatedItem>[] rows = [.. models.Select(model => model.Model.Examples(Count))];
        for (int i = 0; i < rows[0].Count; i++)
        {
            BoundingBox truth = At(rows[0][i].Box, 0);
            sheet.Add(
                $"{i + 1}",
                [
                    ContactSheetCell.Image(Draw(rows[0][i].Image, Grey, (truth, White)), 3, Side, Side),
                    .. rows.Select((items, model) =>
                    {
                        BoundingBox found = At(items[i].PredictedBox, models[model].Model.ChosenThreshold);
                        double scale = SaliencyImage.ClipValue(items[i].Saliency);
                        float[] drawn = Draw(items[i].Saliency, value => ColorMap.Inferno.At(value / scale), (truth, White), (found, Blue));
                        return ContactSheetCell.Image(drawn, 3, Side, Side, $"IoU {found.IntersectionOverUnion(truth):F2}");
                    }),
                ]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    private static BoundingBox At(float[] edges, int index)
        => new(edges[4 * index], edges[(4 * index) + 1], edges[(4 * index) + 2], edges[(4 * index) + 3]);

    private static (byte Red, byte Green, byte Blue) Grey(float value) => ((byte)value, (byte)value, (byte)value);

    /// <summary>[3, Side, Side] in [0, 1]: values in colours with the outlines of boxes.</summary>
    private static float[] Draw(
        float[] values,
        Func<float, (byte Red, byte Green, byte Blue)> colorOf,
        params (BoundingBox Box, (byte Red, byte Green, byte Blue) Color)[] boxes)
    {
        float[] pixels = new float[3 * Side * Side];
        for (int at = 0; at < Side * Side; at++)
        {
            (int y, int x) = Math.DivRem(at, Side);
            (byte red, byte green, byte blue) = colorOf(values[(y / Zoom * PastedItem.Side) + (x / Zoom)]);
            foreach ((BoundingBox box, (byte, byte, byte) color) in boxes)
            {
                (double left, double top, double right, double bottom) = (box.Left * Zoom, box.Top * Zoom, box.Right * Zoom, box.Bottom * Zoom);
                bool inside = x >= left && x < right && y >= top && y < bottom;
                bool core = x >= left + 2 && x < right - 2 && y >= top + 2 && y < bottom - 2;
                (red, green, blue) = inside && !core ? color : (red, green, blue);
            }

            (pixels[at], pixels[at + (Side * Side)], pixels[at + (2 * Side * Side)]) = (red / 255f, green / 255f, blue / 255f);
        }

        return pixels;
    }
}
