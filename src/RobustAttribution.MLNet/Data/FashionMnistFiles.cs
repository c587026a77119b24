namespace RobustAttribution.MLNet.Data;

/// <summary>Finds and reads the files of Fashion-MNIST, once, when they are first needed.</summary>
internal sealed class FashionMnistFiles
{
    public const int Side = 28;
    private readonly Lazy<(IdxFile Images, IdxFile Labels)> content;

    public FashionMnistFiles(string? folder, FashionMnistSplit split)
    {
        string prefix = split == FashionMnistSplit.Train ? "train" : "t10k";
        string place = folder ?? Environment.GetEnvironmentVariable(FashionMnistOptions.FolderVariable) ?? FashionMnistOptions.DebianFolder;
        ImagesPath = Find(place, $"{prefix}-images-idx3-ubyte");
        LabelsPath = Find(place, $"{prefix}-labels-idx1-ubyte");
        content = new(Load);
    }

    public string ImagesPath { get; }

    public string LabelsPath { get; }

    public int Count => content.Value.Labels.Dimensions[0];

    public ReadOnlySpan<byte> Image(int row) => content.Value.Images.Values.AsSpan(row * Side * Side, Side * Side);

    public int Label(int row) => content.Value.Labels.Values[row];

    private static string Find(string folder, string name)
    {
        string[] candidates = [Path.Combine(folder, name + ".gz"), Path.Combine(folder, name)];
        return Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException(
            $"Fashion-MNIST's file {name}[.gz] is not in '{folder}'. Give its folder as argument or in the environment variable {FashionMnistOptions.FolderVariable}; on Debian, 'apt install dataset-fashion-mnist' puts it into {FashionMnistOptions.DebianFolder}.",
            candidates[0]);
    }

    private (IdxFile Images, IdxFile Labels) Load()
    {
        IdxFile images = IdxFile.Read(ImagesPath, 3);
        IdxFile labels = IdxFile.Read(LabelsPath, 1);
        if (images.Dimensions[1] != Side || images.Dimensions[2] != Side)
        {
            throw IdxFile.Wrong(ImagesPath, 8, $"pictures of {Side}×{Side}", $"{images.Dimensions[1]}×{images.Dimensions[2]}");
        }

        if (images.Dimensions[0] != labels.Dimensions[0])
        {
            throw IdxFile.Wrong(LabelsPath, 4, $"{images.Dimensions[0]} labels, as many as there are pictures in {ImagesPath}", labels.Dimensions[0].ToString());
        }

        int wrong = labels.Values.AsSpan().IndexOfAnyInRange((byte)FashionMnistOptions.ClassNames.Count, byte.MaxValue);
        return wrong < 0
            ? (images, labels)
            : throw IdxFile.Wrong(LabelsPath, 8 + wrong, $"a label from 0 to {FashionMnistOptions.ClassNames.Count - 1}", labels.Values[wrong].ToString());
    }
}
