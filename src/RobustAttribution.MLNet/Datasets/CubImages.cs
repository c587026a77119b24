using System.Globalization;
using Microsoft.ML.Runtime;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>Caltech-UCSD Birds-200-2011: images in a folder for each class, and text files of lines "id values" about them.</summary>
internal static class CubImages
{
    /// <exception cref="FileNotFoundException">One of the five text files is not there.</exception>
    /// <exception cref="InvalidDataException">classes.txt is damaged.</exception>
    public static DatasetView Open(IHostEnvironment environment, DatasetOptions options, string folder, DatasetSplit? split)
    {
        if (split is DatasetSplit part)
        {
            Splits.RequireTrainOrTest(part, KnownDatasets.Cub200);
        }

        string place = Splits.Folder(
            folder, candidate => File.Exists(Path.Combine(candidate, "images.txt")), "CUB_200_2011", Path.Combine("CUB_200_2011", "CUB_200_2011"));
        foreach (string name in new[] { "images.txt", "image_class_labels.txt", "train_test_split.txt", "bounding_boxes.txt", "classes.txt" })
        {
            string path = Path.Combine(place, name);
            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"CUB-200-2011's file {name} is not in '{place}'.", path);
            }
        }

        string[] classNames = ClassNames(new Table(place, "classes.txt", 1));
        var birds = new Lazy<Bird[]>(() => Splits.Counted(
            environment, KnownDatasets.Cub200, split, [.. Read(place, classNames.Length).Where(bird => (split ?? bird.Split) == bird.Split)]));
        var images = new ListedImages(Path.Combine(place, "images"), () => Array.ConvertAll(birds.Value, bird => bird.Image));
        return new DatasetView(
            environment,
            () => images.Count,
            [
                images.Image(upright: false),
                images.Label(classNames, options.LabelsAsKey),
                DatasetColumn.Int64("Id", row => birds.Value[row].Id),
                DatasetColumn.Text("Split", row => Splits.Name(birds.Value[row].Split)),
                images.Box(),
                images.Path("Path"),
            ]);
    }

    private static string[] ClassNames(Table table)
    {
        string[] names = new string[table.Ids.Count];
        foreach (long id in table.Ids)
        {
            (string[] values, int line) = table[id];
            int next = Array.IndexOf(names, null) + 1;
            names[next - 1] = id == next
                ? values[0]
                : throw DamagedFile.AtLine(table.Path, line, $"class {next}", id.ToString(CultureInfo.InvariantCulture));
        }

        return names;
    }

    private static IEnumerable<Bird> Read(string place, int classCount)
    {
        var list = new Table(place, "images.txt", 1);
        var labels = new Table(place, "image_class_labels.txt", 1);
        var splits = new Table(place, "train_test_split.txt", 1);
        var boxes = new Table(place, "bounding_boxes.txt", 4);
        HashSet<string> paths = [];
        foreach (long id in list.Ids)
        {
            (string[] values, int line) = list[id];
            string path = values[0];
            if (Path.IsPathRooted(path) || path.Split('/', '\\').Contains("..") || !paths.Add(path))
            {
                throw DamagedFile.AtLine(list.Path, line, "a path inside the folder images, each once", $"'{path}'");
            }

            string file = Path.Combine(place, "images", path.Replace('/', Path.DirectorySeparatorChar));
            int label = labels.Whole(id, 1, classCount) - 1;
            DatasetSplit split = splits.Whole(id, 0, 1) == 1 ? DatasetSplit.Train : DatasetSplit.Test;
            (double left, double top) = (boxes.Real(id, 0), boxes.Real(id, 1));
            var box = new BoundingBox(left, top, left + boxes.Real(id, 2), top + boxes.Real(id, 3));
            yield return new Bird(id, split, new ListedImage(file, label, $"{list.Path}, line {line}", box));
        }

        foreach (Table table in new[] { labels, splits, boxes })
        {
            long surplus = table.Ids.FirstOrDefault(id => !list.Has(id), -1);
            if (surplus >= 0)
            {
                string expected = $"a line about image {surplus}, as in line {table[surplus].Line} of {Path.GetFileName(table.Path)}";
                throw DamagedFile.AtLine(list.Path, list.Ids.Count, expected, "none");
            }
        }
    }

    private readonly record struct Bird(long Id, DatasetSplit Split, ListedImage Image);

    /// <summary>A text file of lines "id values".</summary>
    private sealed class Table
    {
        private readonly OrderedDictionary<long, (string[] Values, int Line)> entries = [];

        public Table(string folder, string name, int fields)
        {
            Path = System.IO.Path.Combine(folder, name);
            foreach ((int index, string text) in File.ReadLines(Path).Index())
            {
                string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (parts.Length == 0)
                {
                    continue;
                }

                if (parts.Length != fields + 1 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long id))
                {
                    throw DamagedFile.AtLine(Path, index + 1, $"an id and {fields} more field{(fields == 1 ? string.Empty : "s")}", $"'{text}'");
                }

                if (!entries.TryAdd(id, (parts[1..], index + 1)))
                {
                    throw DamagedFile.AtLine(Path, index + 1, "each id once", $"{id} again, after line {entries[id].Line}");
                }
            }
        }

        public string Path { get; }

        /// <summary>In the order of the lines.</summary>
        public OrderedDictionary<long, (string[] Values, int Line)>.KeyCollection Ids => entries.Keys;

        public bool Has(long id) => entries.ContainsKey(id);

        /// <exception cref="InvalidDataException">There is no line about the image.</exception>
        public (string[] Values, int Line) this[long id]
            => entries.TryGetValue(id, out (string[], int) entry)
                ? entry
                : throw DamagedFile.AtLine(Path, entries.Count, $"a line about image {id} of images.txt", "none");

        public int Whole(long id, int minimum, int maximum)
        {
            (string[] values, int line) = this[id];
            return int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
                ? value
                : throw DamagedFile.AtLine(Path, line, $"a number from {minimum} to {maximum} in field 2", $"'{values[0]}'");
        }

        public double Real(long id, int field)
        {
            (string[] values, int line) = this[id];
            bool parsed = double.TryParse(values[field], NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            return parsed && value >= 0 && double.IsFinite(value)
                ? value
                : throw DamagedFile.AtLine(Path, line, $"a number of at least 0 in field {field + 2}", $"'{values[field]}'");
        }
    }
}
