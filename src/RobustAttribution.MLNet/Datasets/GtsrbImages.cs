using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>German Traffic Sign Recognition Benchmark: PPM images with a border around the sign, described in CSV files with semicolons.</summary>
internal static class GtsrbImages
{
    private const string Header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId";
    private const string TestTable = "GT-final_test.csv";

    private static int Classes => KnownDatasets.Gtsrb.ClassCount;

    /// <exception cref="FileNotFoundException">The test table is not there.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder, or all class folders, are not there.</exception>
    public static DatasetView Open(IHostEnvironment environment, DatasetOptions options, string folder, DatasetSplit split, bool cropToRegion)
    {
        string place = Place(folder, split);
        Splits.RequireTrainOrTest(split, KnownDatasets.Gtsrb);
        (string Path, string Folder, int? Class)[] tables;
        if (split == DatasetSplit.Test)
        {
            string[] folders = [place, folder, Path.Combine(folder, "GTSRB_Final_Test_GT")];
            string[] candidates = Array.ConvertAll(folders, candidate => Path.Combine(candidate, TestTable));
            string table = Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException(
                $"GTSRB's file {TestTable} with the classes of the test images (from GTSRB_Final_Test_GT.zip) is not in '{place}' or '{folder}'.",
                candidates[0]);
            tables = [(table, place, null)];
        }
        else
        {
            tables = Array.ConvertAll(ClassFolders(place), found => (TableOf(found), found, (int?)ClassOf(found)));
            if (tables.Length == 0)
            {
                throw new DirectoryNotFoundException(
                    $"'{folder}' has none of the class folders 00000 to {Classes - 1:D5} of GTSRB's training images.");
            }
        }

        var images = new ListedImages(place, () => [.. tables.SelectMany(table => ReadTable(table.Path, table.Folder, table.Class))]);
        List<DatasetColumn> columns =
        [
            DatasetColumn.Images(row => Decode(images[row], cropToRegion)),
            images.Label(KnownDatasets.Gtsrb.ClassNames, options.LabelsAsKey),
            images.Path("Id"),
            DatasetColumn.Split(split),
        ];
        if (!cropToRegion)
        {
            columns.Add(images.Box());
        }

        return new DatasetView(environment, () => images.Count, columns);
    }

    private static MLImage Decode(in ListedImage listed, bool crop)
    {
        MLImage image = ListedImages.Decode(listed, upright: false);
        BoundingBox box = listed.Box;
        (int width, int height) = (image.Width, image.Height);
        if (box.Right > width || box.Bottom > height)
        {
            image.Dispose();
            throw new InvalidDataException(
                $"{listed.Named}: expected a region inside the image's {width}×{height} pixels, found one to {box.Right}, {box.Bottom}.");
        }

        if (!crop)
        {
            return image;
        }

        using (image)
        {
            byte[] part = new byte[4 * (int)box.Width * (int)box.Height];
            int stride = 4 * (int)box.Width;
            for (int y = 0; y < (int)box.Height; y++)
            {
                image.Pixels.Slice(4 * ((((int)box.Top + y) * width) + (int)box.Left), stride).CopyTo(part.AsSpan(y * stride));
            }

            return MLImage.CreateFromPixels((int)box.Width, (int)box.Height, MLPixelFormat.Bgra32, part);
        }
    }

    private static string TableOf(string folder) => Path.Combine(folder, $"GT-{Path.GetFileName(folder)}.csv");

    private static int ClassOf(string folder) => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);

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
        => [.. Enumerable.Range(0, Classes).Select(index => Path.Combine(folder, $"{index:D5}")).Where(Directory.Exists)];

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
                string expected = expectedClass is null ? $"a class from 0 to {Classes - 1}" : $"class {expectedClass}, as the folder says";
                throw DamagedFile.AtLine(table, line, expected, $"{numbers[6]}");
            }

            if (numbers[2] >= numbers[4] || numbers[3] >= numbers[5] || numbers[4] > numbers[0] || numbers[5] > numbers[1])
            {
                throw DamagedFile.AtLine(
                    table, line, $"a region with X1 < X2 ≤ {numbers[0]} and Y1 < Y2 ≤ {numbers[1]}", string.Join(';', numbers[2..6]));
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

            yield return new ListedImage(
                Path.Combine(folder, name), numbers[6], $"{table}, line {line}", new BoundingBox(numbers[2], numbers[3], numbers[4], numbers[5]));
        }

        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*.ppm").Select(path => Path.GetFileName(path));
        if (files.Order(StringComparer.Ordinal).FirstOrDefault(name => !names.ContainsKey(name)) is { } surplus)
        {
            throw DamagedFile.AtLine(table, line, $"a line about {surplus}, which is in the folder '{folder}'", "the end of the file");
        }
    }
}
