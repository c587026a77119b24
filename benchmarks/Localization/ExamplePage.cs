using Microsoft.ML.Data;
using RobustAttribution.Localization;

namespace RobustAttribution.Benchmarks;

/// <summary>Draws the first test images with their true boxes, and each network's map with the box that it gives.</summary>
internal static class ExamplePage
{
    private const int Count = 8;
    private const int Zoom = 4;
    private const int Side = PastedItem.Side * Zoom;

    public static void Save(string path, IReadOnlyList<(string Name, LocalizedModel Model)> models)
    {
        var sheet = new ContactSheet("Objects found by saliency maps alone")
        {
            Subtitles = ["The first test images; white: true box, red: the box of the map at the threshold chosen on the validation images. Below: intersection over union."],
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
                    ContactSheetCell.Image(Draw(rows[0][i].Image, 255, (truth, 1, 1, 1)), 3, Side, Side),
                    .. rows.Select((items, model) =>
                    {
                        BoundingBox found = At(items[i].PredictedBox, models[model].Model.ChosenThreshold);
                        float[] drawn = Draw(items[i].Saliency, items[i].Saliency.Max(), (truth, 1, 1, 1), (found, 1, 0.15f, 0.1f));
                        return ContactSheetCell.Image(drawn, 3, Side, Side, $"IoU {found.IntersectionOverUnion(truth):F2}");
                    }),
                ]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    private static BoundingBox At(float[] edges, int index) => new(edges[4 * index], edges[(4 * index) + 1], edges[(4 * index) + 2], edges[(4 * index) + 3]);

    /// <summary>[3, Side, Side] in [0, 1]: grey values with the outlines of boxes.</summary>
    private static float[] Draw(float[] values, float white, params (BoundingBox Box, float Red, float Green, float Blue)[] boxes)
    {
        float[] pixels = new float[3 * Side * Side];
        for (int at = 0; at < Side * Side; at++)
        {
            (int y, int x) = Math.DivRem(at, Side);
            float grey = white > 0 ? values[(y / Zoom * PastedItem.Side) + (x / Zoom)] / white : 0;
            (float red, float green, float blue) = (grey, grey, grey);
            foreach ((BoundingBox box, float r, float g, float b) in boxes)
            {
                (double left, double top, double right, double bottom) = (box.Left * Zoom, box.Top * Zoom, box.Right * Zoom, box.Bottom * Zoom);
                bool inside = x >= left && x < right && y >= top && y < bottom;
                bool core = x >= left + 2 && x < right - 2 && y >= top + 2 && y < bottom - 2;
                (red, green, blue) = inside && !core ? (r, g, b) : (red, green, blue);
            }

            (pixels[at], pixels[at + (Side * Side)], pixels[at + (2 * Side * Side)]) = (red, green, blue);
        }

        return pixels;
    }
}
