namespace RobustAttribution.MLNet.Datasets;

/// <summary>
/// CIFAR-10 and CIFAR-100 in their binary versions: records of one label byte (CIFAR-100: coarse and fine) and 3072 pixel bytes, red, green and blue planes of 32×32.
/// </summary>
internal sealed class CifarImages : ImageDataset
{
    private const int Side = 32;
    private const int PixelBytes = 3 * Side * Side;
    private readonly string[] paths;
    private readonly string split;
    private readonly bool hundred;
    private readonly bool labelsAsKey;
    private readonly Lazy<byte[][]> content;
    private readonly Lazy<int[]> starts;

    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python instead.</exception>
    public CifarImages(string folder, DatasetSplit split, bool hundred, bool labelsAsKey)
    {
        this.hundred = hundred;
        this.labelsAsKey = labelsAsKey;
        this.split = Splits.TrainOrTest(split, hundred ? "CIFAR-100" : "CIFAR-10");
        string inner = hundred ? "cifar-100-binary" : "cifar-10-batches-bin";
        string[] names = hundred ? [split == DatasetSplit.Train ? "train.bin" : "test.bin"]
            : split == DatasetSplit.Train ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")]
            : ["test_batch.bin"];
        string place = Splits.Folder(folder, folder => File.Exists(Path.Combine(folder, names[0])), inner, Path.Combine(inner, inner), Path.Combine(hundred ? inner : "cifar-10-binary", inner));
        paths = Array.ConvertAll(names, name => Path.Combine(place, name));
        string? missing = Array.Find(paths, path => !File.Exists(path));
        if (missing is not null)
        {
            throw Missing(missing);
        }

        content = new(() => Array.ConvertAll(paths, Load));
        starts = new(() =>
        {
            int total = 0;
            return [0, .. content.Value.Select(bytes => total += bytes.Length / RecordBytes)];
        });
    }

    public override IReadOnlyList<string> ClassNames => hundred ? CifarNames.Fine : CifarNames.Ten;

    public override int Count => starts.Value[^1];

    public override (int Height, int Width)? Size => (Side, Side);

    public override (int Height, int Width) VectorSize => (Side, Side);

    private int LabelBytes => hundred ? 2 : 1;

    private int RecordBytes => LabelBytes + PixelBytes;

    public override int Label(int row) => Record(row)[LabelBytes - 1];

    public override void Read(int row, Raster raster) => raster.SetPlanes(Record(row)[LabelBytes..], 3, Side, Side);

    public override IEnumerable<DatasetColumn> MoreColumns()
    {
        List<DatasetColumn> columns = [DatasetColumn.Int64("Id", row => row), DatasetColumn.Split(split)];
        if (hundred)
        {
            columns.Add(DatasetColumn.Class("CoarseLabel", CifarNames.Coarse, labelsAsKey, row => Record(row)[0]));
        }

        return columns;
    }

    private ReadOnlySpan<byte> Record(int row)
    {
        int file = 0;
        while (row >= starts.Value[file + 1])
        {
            file++;
        }

        return content.Value[file].AsSpan((row - starts.Value[file]) * RecordBytes, RecordBytes);
    }

    private Exception Missing(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        string[] pickles = hundred ? ["train", "test", "cifar-100-python"] : ["data_batch_1", "test_batch", "cifar-10-batches-py"];
        string? pickle = pickles.Select(name => Path.Combine(folder, name)).FirstOrDefault(Path.Exists);
        string set = hundred ? "CIFAR-100" : "CIFAR-10";
        return pickle is null
            ? new FileNotFoundException($"{set}'s file {Path.GetFileName(path)} is not in '{folder}'. Give the folder into which {(hundred ? "cifar-100-binary.tar.gz" : "cifar-10-binary.tar.gz")} was extracted.", path)
            : new InvalidDataException(
                $"{pickle} belongs to {set}'s version for Python, a pickle, which is not read because unpickling can run code. Download the binary version: {(hundred ? KnownDatasets.Cifar100 : KnownDatasets.Cifar10).Files[0].Address}.");
    }

    private byte[] Load(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int rest = bytes.Length % RecordBytes;
        if (bytes.Length == 0 || rest != 0)
        {
            throw DamagedFile.AtByte(path, bytes.Length - rest, $"a record of {RecordBytes} bytes", rest == 0 ? "the end of the file" : $"the end of the file after {rest}");
        }

        for (int at = 0; at < bytes.Length; at += RecordBytes)
        {
            Check(at, hundred ? CifarNames.Coarse.Count : 10, hundred ? "a coarse label" : "a label");
            if (hundred)
            {
                Check(at + 1, CifarNames.Fine.Count, "a fine label");
            }
        }

        return bytes;

        void Check(int at, int count, string what)
        {
            if (bytes[at] >= count)
            {
                throw DamagedFile.AtByte(path, at, $"{what} from 0 to {count - 1}", bytes[at].ToString());
            }
        }
    }
}
