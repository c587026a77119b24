using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>
/// Street View House Numbers, format 2 (cropped digits): X of 32×32×3×N bytes and y of N labels in which 10 stands for the digit 0.
/// </summary>
internal static class SvhnImages
{
    private const int Side = 32;
    private const int ImageBytes = 3 * Side * Side;

    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    public static DatasetView Open(IHostEnvironment environment, DatasetOptions options, string folder, DatasetSplit split)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = Path.Combine(folder, $"{Splits.Name(split)}_32x32.mat");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"SVHN's file {Path.GetFileName(path)} (cropped digits) is not in '{folder}'.", path);
        }

        var content = new Lazy<(byte[] Images, byte[] Labels)>(() => Load(path));
        return new DatasetView(
            environment,
            () => content.Value.Labels.Length,
            [
                DatasetColumn.Images(3, Side, options.ImagesAsMLImage, row => content.Value.Images.AsMemory(ImageBytes * row, ImageBytes)),
                DatasetColumn.Class("Label", KnownDatasets.Svhn.ClassNames, options.LabelsAsKey, row => content.Value.Labels[row] % 10),
                DatasetColumn.Number,
                DatasetColumn.Split(split),
            ]);
    }

    private static (byte[] Images, byte[] Labels) Load(string path)
    {
        IReadOnlyDictionary<string, MatArray> arrays = MatFile.Read(path, "X", "y");
        MatArray images = arrays["X"];
        MatArray labels = arrays["y"];
        if (images.Dimensions is not ([Side, Side, 3] or [Side, Side, 3, _]))
        {
            throw DamagedFile.AtByte(path, images.Position, $"X of {Side}×{Side}×3×N values", string.Join('×', images.Dimensions));
        }

        int count = images.Values.Length / ImageBytes;
        if (labels.Values.Length != count)
        {
            throw DamagedFile.AtByte(
                path, labels.Position, $"{count} labels in y, as many as there are images in X", labels.Values.Length.ToString());
        }

        int wrong = labels.Values.AsSpan().IndexOfAnyExceptInRange((byte)1, (byte)10);
        if (wrong >= 0)
        {
            throw DamagedFile.AtByte(path, labels.Position, "labels from 1 to 10 in y", $"{labels.Values[wrong]} as label {wrong}");
        }

        for (int plane = 0; plane < 3 * count; plane++)
        {
            Transpose(images.Values.AsSpan(plane * Side * Side, Side * Side));
        }

        return (images.Values, labels.Values);
    }

    /// <summary>MATLAB's arrays have their columns one after the other; images have rows.</summary>
    private static void Transpose(Span<byte> plane)
    {
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < y; x++)
            {
                (plane[(y * Side) + x], plane[(x * Side) + y]) = (plane[(x * Side) + y], plane[(y * Side) + x]);
            }
        }
    }
}
