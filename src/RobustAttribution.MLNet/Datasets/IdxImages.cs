using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>MNIST and Fashion-MNIST: a file of images and one of labels, in the IDX format.</summary>
internal static class IdxImages
{
    private const int Side = 28;

    /// <summary>MNIST's files.</summary>
    /// <exception cref="FileNotFoundException">They are not in the folder.</exception>
    public static DatasetView Mnist(IHostEnvironment environment, DatasetOptions options, string folder, DatasetSplit split)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return Open(environment, options, KnownDatasets.Mnist, folder, split, "Give the folder of the four files as argument.");
    }

    /// <summary>Fashion-MNIST's files, wherever they are.</summary>
    /// <exception cref="FileNotFoundException">They are in no folder that is looked in, or not in the one that was named.</exception>
    public static DatasetView Fashion(IHostEnvironment environment, DatasetOptions options, string? folder, DatasetSplit split)
    {
        string advice = $"Name their folder as argument or in the environment variable {FashionMnistFolders.Variable}; on Debian, "
            + $"'apt install dataset-fashion-mnist' puts them into '{FashionMnistFolders.Debian}'; {nameof(DatasetDownloader)} fetches "
            + $"{nameof(KnownDatasets)}.{nameof(KnownDatasets.FashionMnist)} into '{FashionMnistFolders.Cache}'.";
        string found = FashionMnistFolders.Find(folder)
            ?? throw new FileNotFoundException($"Fashion-MNIST's files are in none of the folders looked in: {FashionMnistFolders.Here}. {advice}");
        return Open(environment, options, KnownDatasets.FashionMnist, found, split, advice);
    }

    private static DatasetView Open(
        IHostEnvironment environment, DatasetOptions options, DatasetInfo set, string folder, DatasetSplit split, string advice)
    {
        Splits.RequireTrainOrTest(split, set);
        string prefix = split == DatasetSplit.Train ? "train" : "t10k";
        string imagesPath = Find($"{prefix}-images-idx3-ubyte");
        string labelsPath = Find($"{prefix}-labels-idx1-ubyte");
        var content = new Lazy<(byte[] Images, byte[] Labels)>(() => Load(imagesPath, labelsPath, set.ClassCount));
        return new DatasetView(
            environment,
            () => content.Value.Labels.Length,
            [
                DatasetColumn.Images(1, Side, options.ImagesAsMLImage, row => content.Value.Images.AsMemory(row * Side * Side, Side * Side)),
                DatasetColumn.Class("Label", set.ClassNames, options.LabelsAsKey, row => content.Value.Labels[row]),
                DatasetColumn.Number,
                DatasetColumn.Split(split),
            ]);

        string Find(string name)
        {
            string[] candidates = [Path.Combine(folder, name + ".gz"), Path.Combine(folder, name)];
            return Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException(
                $"{set.Name}'s file {name}[.gz] is not in '{folder}'. {advice}", candidates[0]);
        }
    }

    private static (byte[] Images, byte[] Labels) Load(string imagesPath, string labelsPath, int classCount)
    {
        IdxFile images = IdxFile.Read(imagesPath, 3);
        IdxFile labels = IdxFile.Read(labelsPath, 1);
        if (images.Dimensions[1] != Side || images.Dimensions[2] != Side)
        {
            throw DamagedFile.AtByte(imagesPath, 8, $"images of {Side}×{Side}", $"{images.Dimensions[1]}×{images.Dimensions[2]}");
        }

        if (images.Dimensions[0] != labels.Dimensions[0])
        {
            throw DamagedFile.AtByte(
                labelsPath, 4, $"{images.Dimensions[0]} labels, as many as there are images in {imagesPath}", labels.Dimensions[0].ToString());
        }

        int wrong = labels.Values.AsSpan().IndexOfAnyInRange((byte)classCount, byte.MaxValue);
        return wrong < 0
            ? (images.Values, labels.Values)
            : throw DamagedFile.AtByte(labelsPath, 8 + wrong, $"a label from 0 to {classCount - 1}", labels.Values[wrong].ToString());
    }
}
