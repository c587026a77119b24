namespace RobustAttribution.MLNet.Datasets;

/// <summary>MNIST and Fashion-MNIST: a file of images and one of labels, in the IDX format.</summary>
internal sealed class IdxImages : ImageDataset
{
    private const int Side = 28;
    private readonly Lazy<(IdxFile Images, IdxFile Labels)> content;
    private readonly string? split;

    /// <param name="set">Name of the dataset, for errors.</param>
    /// <param name="folder">Folder of the files.</param>
    /// <param name="prefix">What the files' names start with: train or t10k.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="split">Value of the column Split; null for none.</param>
    /// <param name="advice">What to do where a file is missing.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public IdxImages(string set, string folder, string prefix, IReadOnlyList<string> classNames, string? split, string advice)
    {
        ImagesPath = Find($"{prefix}-images-idx3-ubyte");
        LabelsPath = Find($"{prefix}-labels-idx1-ubyte");
        ClassNames = classNames;
        this.split = split;
        content = new(Load);

        string Find(string name)
        {
            string[] candidates = [Path.Combine(folder, name + ".gz"), Path.Combine(folder, name)];
            return Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException($"{set}'s file {name}[.gz] is not in '{folder}'. {advice}", candidates[0]);
        }
    }

    public string ImagesPath { get; }

    public string LabelsPath { get; }

    public override IReadOnlyList<string> ClassNames { get; }

    public override int Count => content.Value.Labels.Dimensions[0];

    public override int Channels => 1;

    public override (int Height, int Width)? Size => (Side, Side);

    public override (int Height, int Width) VectorSize => (Side, Side);

    /// <summary>Fashion-MNIST's files, wherever they are.</summary>
    /// <exception cref="FileNotFoundException">They are in no folder that is looked in, or not in the one that was named.</exception>
    public static IdxImages Fashion(string? folder, FashionMnistSplit split)
    {
        FashionMnistFolders folders = FashionMnistFolders.Here;
        string advice = $"Name their folder as argument or in the environment variable {FashionMnistOptions.FolderVariable}; on Debian, "
            + $"'apt install dataset-fashion-mnist' puts them into '{folders.Debian}'; {nameof(DatasetDownloader)} fetches "
            + $"{nameof(KnownDatasets)}.{nameof(KnownDatasets.FashionMnist)} into '{folders.Cache}'.";
        string found = folders.Find(folder)
            ?? throw new FileNotFoundException($"Fashion-MNIST's files are in none of the folders looked in: {folders}. {advice}");
        string prefix = split == FashionMnistSplit.Train ? "train" : "t10k";
        return new IdxImages("Fashion-MNIST", found, prefix, FashionMnistOptions.ClassNames, null, advice);
    }

    public override int Label(int row) => content.Value.Labels.Values[row];

    public override void Read(int row, Raster raster)
        => raster.SetPlanes(content.Value.Images.Values.AsSpan(row * Side * Side, Side * Side), 1, Side, Side);

    public override IEnumerable<DatasetColumn> MoreColumns()
        => split is null ? [DatasetColumn.Int64("Id", row => row)] : [DatasetColumn.Int64("Id", row => row), DatasetColumn.Split(split)];

    private (IdxFile Images, IdxFile Labels) Load()
    {
        IdxFile images = IdxFile.Read(ImagesPath, 3);
        IdxFile labels = IdxFile.Read(LabelsPath, 1);
        if (images.Dimensions[1] != Side || images.Dimensions[2] != Side)
        {
            throw DamagedFile.AtByte(ImagesPath, 8, $"images of {Side}×{Side}", $"{images.Dimensions[1]}×{images.Dimensions[2]}");
        }

        if (images.Dimensions[0] != labels.Dimensions[0])
        {
            throw DamagedFile.AtByte(LabelsPath, 4, $"{images.Dimensions[0]} labels, as many as there are images in {ImagesPath}", labels.Dimensions[0].ToString());
        }

        int wrong = labels.Values.AsSpan().IndexOfAnyInRange((byte)ClassNames.Count, byte.MaxValue);
        return wrong < 0
            ? (images, labels)
            : throw DamagedFile.AtByte(LabelsPath, 8 + wrong, $"a label from 0 to {ClassNames.Count - 1}", labels.Values[wrong].ToString());
    }
}
