using System.Globalization;
using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>Caltech-UCSD Birds-200-2011: images in a folder for each class, and text files of lines "id values" about them.</summary>
internal sealed class CubImages : ListedImages
{
    private readonly string place;
    private readonly DatasetSplit? wanted;
    private readonly Lazy<(long Id, bool Train)[]> rows;
    private (long Id, bool Train)[] found = [];

    private CubImages(string place, DatasetSplit? split)
        : base(Path.Combine(place, "images"))
    {
        if (split is DatasetSplit part)
        {
            Splits.TrainOrTest(part, "CUB-200-2011");
        }

        this.place = place;
        wanted = split;
        foreach (string name in new[] { "images.txt", "image_class_labels.txt", "train_test_split.txt", "bounding_boxes.txt", "classes.txt" })
        {
            string path = Path.Combine(place, name);
            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"CUB-200-2011's file {name} is not in '{place}'.", path);
            }
        }

        List<string> names = [];
        foreach ((long id, string[] values, int line) in Lines("classes.txt", 1))
        {
            names.Add(id == names.Count + 1 ? values[0] : throw DamagedFile.AtLine(Path.Combine(place, "classes.txt"), line, $"class {names.Count + 1}", id.ToString(CultureInfo.InvariantCulture)));
        }

        ClassNames = names;
        rows = new(() =>
        {
            _ = Images;
            return found;
        });
    }

    /// <exception cref="FileNotFoundException">One of the five text files is not there.</exception>
    /// <exception cref="InvalidDataException">classes.txt is damaged.</exception>
    public static CubImages Open(string folder, DatasetSplit? split)
        => new(Splits.Folder(folder, candidate => File.Exists(Path.Combine(candidate, "images.txt")), "CUB_200_2011", Path.Combine("CUB_200_2011", "CUB_200_2011")), split);

    public override IReadOnlyList<string> ClassNames { get; }

    public override (int Height, int Width) VectorSize => (224, 224);

    public override IEnumerable<DatasetColumn> MoreColumns() =>
    [
        DatasetColumn.Int64("Id", row => rows.Value[row].Id),
        DatasetColumn.Text("Split", row => Splits.Name(rows.Value[row].Train ? DatasetSplit.Train : DatasetSplit.Test)),
        new BoxDatasetColumn("Box", row => Images[row].Box),
        PathColumn("Path"),
    ];

    protected override IReadOnlyList<ListedImage> List()
    {
        Dictionary<long, (string[] Values, int Line)> labels = Table("image_class_labels.txt", 1);
        Dictionary<long, (string[] Values, int Line)> splits = Table("train_test_split.txt", 1);
        Dictionary<long, (string[] Values, int Line)> boxes = Table("bounding_boxes.txt", 4);
        HashSet<string> paths = [];
        List<ListedImage> images = [];
        List<(long, bool)> kept = [];
        string list = Path.Combine(place, "images.txt");
        foreach ((long id, (string[] values, int line)) in Table("images.txt", 1))
        {
            string path = values[0];
            if (Path.IsPathRooted(path) || path.Split('/', '\\').Contains("..") || !paths.Add(path))
            {
                throw DamagedFile.AtLine(list, line, "a path inside the folder images, each once", $"'{path}'");
            }

            int label = (int)Number(labels, "image_class_labels.txt", id, 0, 1, ClassNames.Count) - 1;
            bool train = Number(splits, "train_test_split.txt", id, 0, 0, 1) == 1;
            double left = Real(id, 0);
            double top = Real(id, 1);
            var box = new BoundingBox(left, top, left + Real(id, 2), top + Real(id, 3));
            if (wanted is null || (wanted == DatasetSplit.Train) == train)
            {
                kept.Add((id, train));
                images.Add(new ListedImage(Path.Combine(place, "images", path.Replace('/', Path.DirectorySeparatorChar)), label, $"{list}, line {line}", box));
            }
        }

        found = [.. kept];
        return images;

        double Real(long id, int field)
        {
            (string[] values, int line) = Entry(boxes, "bounding_boxes.txt", id);
            return double.TryParse(values[field], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && double.IsFinite(value)
                ? value
                : throw DamagedFile.AtLine(Path.Combine(place, "bounding_boxes.txt"), line, $"a number of at least 0 in field {field + 2}", $"'{values[field]}'");
        }
    }

    private long Number(Dictionary<long, (string[] Values, int Line)> table, string name, long id, int field, int minimum, int maximum)
    {
        (string[] values, int line) = Entry(table, name, id);
        return long.TryParse(values[field], NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= minimum && value <= maximum
            ? value
            : throw DamagedFile.AtLine(Path.Combine(place, name), line, $"a number from {minimum} to {maximum} in field {field + 2}", $"'{values[field]}'");
    }

    private (string[] Values, int Line) Entry(Dictionary<long, (string[] Values, int Line)> table, string name, long id)
        => table.TryGetValue(id, out (string[] Values, int Line) entry)
            ? entry
            : throw DamagedFile.AtLine(Path.Combine(place, name), table.Count, $"a line about image {id} of images.txt", "none");

    private Dictionary<long, (string[] Values, int Line)> Table(string name, int fields)
    {
        Dictionary<long, (string[] Values, int Line)> table = [];
        foreach ((long id, string[] values, int line) in Lines(name, fields))
        {
            if (!table.TryAdd(id, (values, line)))
            {
                throw DamagedFile.AtLine(Path.Combine(place, name), line, "each id once", $"{id} again, after line {table[id].Line}");
            }
        }

        return table;
    }

    private IEnumerable<(long Id, string[] Values, int Line)> Lines(string name, int fields)
    {
        int line = 0;
        foreach (string text in File.ReadLines(Path.Combine(place, name)))
        {
            line++;
            string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (parts.Length == 0)
            {
                continue;
            }

            yield return parts.Length == fields + 1 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long id)
                ? (id, parts[1..], line)
                : throw DamagedFile.AtLine(Path.Combine(place, name), line, $"an id and {fields} more field{(fields == 1 ? string.Empty : "s")}", $"'{text}'");
        }
    }
}
