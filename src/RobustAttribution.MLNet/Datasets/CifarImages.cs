using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>
/// CIFAR-10 and CIFAR-100 in their binary versions: records of one label byte (CIFAR-100: coarse and fine) and 3072 pixel bytes, red, green and
/// blue planes of 32×32.
/// </summary>
internal static class CifarImages
{
    private const int Side = 32;
    private const int PixelBytes = 3 * Side * Side;

    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python instead.</exception>
    public static DatasetView Open(IHostEnvironment environment, DatasetOptions options, string folder, DatasetSplit split, bool hundred)
    {
        DatasetInfo set = hundred ? KnownDatasets.Cifar100 : KnownDatasets.Cifar10;
        Splits.RequireTrainOrTest(split, set);
        string inner = hundred ? "cifar-100-binary" : "cifar-10-batches-bin";
        string[] names = hundred ? [split == DatasetSplit.Train ? "train.bin" : "test.bin"]
            : split == DatasetSplit.Train ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")]
            : ["test_batch.bin"];
        string archived = Path.Combine(hundred ? inner : "cifar-10-binary", inner);
        string place = Splits.Folder(folder, folder => File.Exists(Path.Combine(folder, names[0])), inner, Path.Combine(inner, inner), archived);
        string[] paths = Array.ConvertAll(names, name => Path.Combine(place, name));
        if (Array.Find(paths, path => !File.Exists(path)) is { } missing)
        {
            throw Missing(missing, set, hundred);
        }

        IReadOnlyList<string>[] classes = hundred ? [CifarNames.Coarse, CifarNames.Fine] : [CifarNames.Ten];
        var records = new Lazy<ReadOnlyMemory<byte>[]>(
            () => Splits.Counted(environment, set, split, [.. paths.SelectMany(path => Records(path, classes))]));
        List<DatasetColumn> columns =
        [
            DatasetColumn.Images(3, Side, options.ImagesAsMLImage, row => records.Value[row][classes.Length..]),
            DatasetColumn.Class("Label", classes[^1], options.LabelsAsKey, row => records.Value[row].Span[classes.Length - 1]),
            DatasetColumn.Number,
            DatasetColumn.Split(split),
        ];
        if (hundred)
        {
            columns.Add(DatasetColumn.Class("CoarseLabel", classes[0], options.LabelsAsKey, row => records.Value[row].Span[0]));
        }

        return new DatasetView(environment, () => records.Value.Length, columns);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Records(string path, IReadOnlyList<string>[] classes)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int size = classes.Length + PixelBytes;
        int rest = bytes.Length % size;
        if (bytes.Length == 0 || rest != 0)
        {
            throw DamagedFile.AtByte(
                path,
                bytes.Length - rest,
                $"a record of {size} bytes",
                (rest == 0 ? "the end of the file" : $"the end of the file after {rest}") + FileKind.Remark(bytes));
        }

        for (int at = 0; at < bytes.Length; at += size)
        {
            for (int i = 0; i < classes.Length; i++)
            {
                if (bytes[at + i] >= classes[i].Count)
                {
                    string what = classes.Length == 1 ? "a label" : i == 0 ? "a coarse label" : "a fine label";
                    string remark = at == 0 ? FileKind.Remark(bytes) : string.Empty;
                    throw DamagedFile.AtByte(path, at + i, $"{what} from 0 to {classes[i].Count - 1}", $"{bytes[at + i]}{remark}");
                }
            }

            yield return bytes.AsMemory(at, size);
        }
    }

    private static Exception Missing(string path, DatasetInfo set, bool hundred)
    {
        string folder = Path.GetDirectoryName(path)!;
        string[] pickles = hundred ? ["train", "test", "cifar-100-python"] : ["data_batch_1", "test_batch", "cifar-10-batches-py"];
        string? pickle = pickles.Select(name => Path.Combine(folder, name)).FirstOrDefault(Path.Exists);
        DatasetFile archive = set.Files[0];
        return pickle is null
            ? new FileNotFoundException(
                $"{set.Name}'s file {Path.GetFileName(path)} is not in '{folder}'. Give the folder into which {archive.FileName} was extracted.",
                path)
            : new InvalidDataException(
                $"{pickle} belongs to {set.Name}'s version for Python, a pickle, which is not read because unpickling can run code. "
                + $"Download the binary version: {archive.Address}.");
    }
}
