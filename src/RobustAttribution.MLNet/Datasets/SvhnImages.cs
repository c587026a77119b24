namespace RobustAttribution.MLNet.Datasets;

/// <summary>Street View House Numbers, format 2 (cropped digits): X of 32×32×3×N bytes and y of N labels in which 10 stands for the digit 0.</summary>
internal sealed class SvhnImages : ImageDataset
{
    private const int Side = 32;
    private const int Area = Side * Side;
    private readonly string path;
    private readonly string split;
    private readonly Lazy<(byte[] Images, byte[] Labels)> content;

    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    public SvhnImages(string folder, DatasetSplit split)
    {
        ArgumentNullException.ThrowIfNull(folder);
        this.split = Splits.Name(split);
        path = Path.Combine(folder, $"{this.split}_32x32.mat");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"SVHN's file {Path.GetFileName(path)} (cropped digits) is not in '{folder}'.", path);
        }

        content = new(Load);
    }

    public override IReadOnlyList<string> ClassNames => KnownDatasets.Svhn.ClassNames;

    public override int Count => content.Value.Labels.Length;

    public override (int Height, int Width)? Size => (Side, Side);

    public override (int Height, int Width) VectorSize => (Side, Side);

    public override int Label(int row) => content.Value.Labels[row] % 10;

    public override void Read(int row, Raster raster)
    {
        raster.Resize(Side, Side);
        ReadOnlySpan<byte> values = content.Value.Images.AsSpan(3 * Area * row, 3 * Area); // [row, column, channel], the row varying fastest
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                int at = y + (Side * x);
                raster.Set(4 * ((y * Side) + x), values[at], values[at + Area], values[at + (2 * Area)]);
            }
        }
    }

    public override IEnumerable<DatasetColumn> MoreColumns() => [DatasetColumn.Int64("Id", row => row), DatasetColumn.Split(split)];

    private (byte[] Images, byte[] Labels) Load()
    {
        IReadOnlyDictionary<string, MatArray> arrays = MatFile.Read(path, "X", "y");
        MatArray images = arrays["X"];
        MatArray labels = arrays["y"];
        if (images.Dimensions is not ([Side, Side, 3] or [Side, Side, 3, _]))
        {
            throw DamagedFile.AtByte(path, images.Position, $"X of {Side}×{Side}×3×N values", string.Join('×', images.Dimensions));
        }

        int count = images.Values.Length / (3 * Area);
        if (labels.Values.Length != count)
        {
            throw DamagedFile.AtByte(path, labels.Position, $"{count} labels in y, as many as there are images in X", labels.Values.Length.ToString());
        }

        int wrong = labels.Values.AsSpan().IndexOfAnyExceptInRange((byte)1, (byte)10);
        return wrong < 0
            ? (images.Values, labels.Values)
            : throw DamagedFile.AtByte(path, labels.Position, "labels from 1 to 10 in y", $"{labels.Values[wrong]} as label {wrong}");
    }
}
