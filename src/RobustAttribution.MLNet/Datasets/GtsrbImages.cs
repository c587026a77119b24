using System.Globalization;
using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>German Traffic Sign Recognition Benchmark: PPM images with a border around the sign, described in CSV files with semicolons.</summary>
internal sealed class GtsrbImages : ListedImages
{
    private const string Header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId";
    private const string TestTable = "GT-final_test.csv";
    private readonly string place;
    private readonly string? testTable;
    private readonly string split;
    private readonly bool crop;

    /// <exception cref="FileNotFoundException">The test table is not there.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder, or all class folders, are not there.</exception>
    public GtsrbImages(string folder, DatasetSplit split, bool cropToRegion)
        : this(Place(folder, split), folder, split, cropToRegion)
    {
    }

    private GtsrbImages(string place, string folder, DatasetSplit split, bool cropToRegion)
        : base(place)
    {
        this.place = place;
        this.split = Splits.TrainOrTest(split, "GTSRB");
        crop = cropToRegion;
        if (split == DatasetSplit.Test)
        {
            string[] candidates = [Path.Combine(place, TestTable), Path.Combine(folder, TestTable), Path.Combine(folder, "GTSRB_Final_Test_GT", TestTable)];
            testTable = Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException(
                $"GTSRB's file {TestTable}, which tells the classes of the test images (from GTSRB_Final_Test_GT.zip), is not in '{place}' or '{folder}'.", candidates[0]);
        }
        else if (ClassFolders(place).Length == 0)
        {
            throw new DirectoryNotFoundException($"'{folder}' has none of the class folders 00000 to {Classes - 1:D5} of GTSRB's training images.");
        }
    }

    public override IReadOnlyList<string> ClassNames => KnownDatasets.Gtsrb.ClassNames;

    public override (int Height, int Width) VectorSize => (32, 32);

    private static int Classes => KnownDatasets.Gtsrb.ClassNames.Count;

    public override IEnumerable<DatasetColumn> MoreColumns()
    {
        List<DatasetColumn> columns = [PathColumn("Id"), DatasetColumn.Split(split)];
        if (!crop)
        {
            columns.Add(new BoxDatasetColumn("Box", row => Images[row].Box));
        }

        return columns;
    }

    protected override void Decode(int row, in ListedImage listed, Raster raster)
    {
        PpmFile.Read(listed.Path, raster);
        BoundingBox box = listed.Box;
        if (box.Right > raster.Width || box.Bottom > raster.Height)
        {
            throw new InvalidDataException($"{listed.Named}: expected a region inside the image's {raster.Width}×{raster.Height} pixels, found one to {box.Right}, {box.Bottom}.");
        }

        if (crop)
        {
            raster.Crop((int)box.Left, (int)box.Top, (int)box.Width, (int)box.Height);
        }
    }

    protected override IReadOnlyList<ListedImage> List()
        => testTable is not null
            ? [.. ReadTable(testTable, place, null)]
            : [.. ClassFolders(place).SelectMany(folder => ReadTable(Path.Combine(folder, $"GT-{Path.GetFileName(folder)}.csv"), folder, int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)))];

    private static string Place(string folder, DatasetSplit split)
        => split == DatasetSplit.Test
            ? Splits.Folder(folder, HasImages, "GTSRB/Final_Test/Images", "GTSRB_Final_Test_Images/GTSRB/Final_Test/Images", "Final_Test/Images")
            : Splits.Folder(
                folder,
                candidate => Directory.Exists(candidate) && ClassFolders(candidate).Length > 0,
                "GTSRB/Final_Training/Images",
                "GTSRB/Training",
                "GTSRB-Training_fixed/GTSRB/Training",
                "Final_Training/Images");

    private static bool HasImages(string folder) => Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.ppm").Any();

    private static string[] ClassFolders(string folder)
        => [.. Enumerable.Range(0, Classes).Select(index => Path.Combine(folder, index.ToString("D5", CultureInfo.InvariantCulture))).Where(Directory.Exists)];

    private static IEnumerable<ListedImage> ReadTable(string table, string folder, int? expectedClass)
    {
        if (!File.Exists(table))
        {
            throw new FileNotFoundException($"GTSRB's table '{table}' is missing.", table);
        }

        var names = new Dictionary<string, int>();
        int line = 0;
        foreach (string text in File.ReadLines(table))
        {
            line++;
            if (line == 1)
            {
                if (text.Trim() != Header)
                {
                    throw DamagedFile.AtLine(table, line, $"the header {Header}", $"'{text}'");
                }

                continue;
            }

            if (text.Length == 0)
            {
                continue;
            }

            string[] fields = text.Trim().Split(';');
            if (fields.Length != 8)
            {
                throw DamagedFile.AtLine(table, line, "8 fields", $"{fields.Length}");
            }

            int[] numbers = new int[7];
            for (int i = 0; i < numbers.Length; i++)
            {
                if (!int.TryParse(fields[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                {
                    throw DamagedFile.AtLine(table, line, $"a whole number in field {i + 2}", $"'{fields[i + 1]}'");
                }
            }

            if (numbers[6] >= Classes || (expectedClass ?? numbers[6]) != numbers[6])
            {
                throw DamagedFile.AtLine(table, line, expectedClass is null ? $"a class from 0 to {Classes - 1}" : $"class {expectedClass}, as the folder says", numbers[6].ToString(CultureInfo.InvariantCulture));
            }

            if (numbers[2] >= numbers[4] || numbers[3] >= numbers[5] || numbers[4] > numbers[0] || numbers[5] > numbers[1])
            {
                throw DamagedFile.AtLine(table, line, $"a region with X1 < X2 ≤ {numbers[0]} and Y1 < Y2 ≤ {numbers[1]}", string.Join(';', numbers[2..6]));
            }

            if (!names.TryAdd(fields[0], line))
            {
                throw DamagedFile.AtLine(table, line, "each image once", $"'{fields[0]}' again, after line {names[fields[0]]}");
            }

            string name = fields[0];
            if (name.Length == 0 || name != Path.GetFileName(name))
            {
                throw DamagedFile.AtLine(table, line, "a file name without folder", $"'{name}'");
            }

            yield return new ListedImage(Path.Combine(folder, name), numbers[6], $"{table}, line {line}", new BoundingBox(numbers[2], numbers[3], numbers[4], numbers[5]));
        }
    }
}
