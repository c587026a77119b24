using Microsoft.ML.Data;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>The maps of the same test images by every method, to look at.</summary>
internal static class MapSheet
{
    private const int Rows = 6;

    /// <summary>Writes a PNG file with a column for each network.</summary>
    public static void Save(string path, Models models, IEnumerable<Entry> entries, FashionMnist data)
    {
        Entry[] trained = [.. entries.Where(models.Has)];
        using IDisposable scope = NewDisposeScope();
        Tensor images = data.Test.Take(Rows).Images.to(ScalarType.Float32) / 255;
        float[][][] maps = [.. trained.Select(entry => Maps(models, entry, images))];
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        var sheet = new ContactSheet("What the board's networks look at")
        {
            Subtitles =
            [
                "Fashion-MNIST test images; map = |gradient of the predicted class|, brighter = more important; each map has its own scale, clipped at its 99th percentile.",
                "Without kinks: average pooling, softplus β = 3. A map that is the same for every image holds against any attack, and says nothing.",
            ],
            Columns = ["image", .. trained.Select(entry => entry.Method.Weights is "published" or "reduced" ? entry.Method.Name : $"{entry.Method.Name}, {entry.Method.Weights.Split('-')[0]}")],
            ColumnGroups = [(null, 1), .. trained.GroupBy(entry => entry.Network.Name).Select(group => ((string?)(group.Key == "paper" ? "max-pooling" : "no kinks"), group.Count()))],
            CellSize = 116,
        };
        for (int row = 0; row < Rows; row++)
        {
            float[] pixels = images[row].data<float>().ToArray();
            sheet.Add(
                $"test image {row}",
                [
                    ContactSheetCell.Image(pixels, 1, height, width),
                    .. maps.Select(map => ContactSheetCell.Map(map[row], height, width, SaliencyImage.ClipValue(map[row]), ColorMap.Inferno)),
                ]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    private static float[][] Maps(Models models, Entry entry, Tensor images)
    {
        using ImageNetwork network = models.Load(entry).Network;
        using IDisposable scope = NewDisposeScope();
        Tensor maps = new SaliencyMap().OfPredicted(network, images).Maps;
        return [.. Enumerable.Range(0, Rows).Select(row => maps[row].data<float>().ToArray())];
    }
}
