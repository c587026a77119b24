using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>Images in one folder for each class, as ImageNet's: folder/class/image.jpeg. A list may choose and order the classes.</summary>
internal sealed class FolderImages : ListedImages
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".bmp", ".ppm" };
    private readonly (string Folder, string Named)[] classes;

    /// <exception cref="DirectoryNotFoundException">The folder, a class of the list, or all class folders are not there.</exception>
    /// <exception cref="InvalidDataException">The list names a class twice, or none.</exception>
    public FolderImages(string folder, string? classList)
        : base(folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        (classes, ClassNames) = classList is null ? AllClasses(folder) : ListedClasses(folder, classList);
    }

    public override IReadOnlyList<string> ClassNames { get; }

    public override (int Height, int Width) VectorSize => (224, 224);

    public override IEnumerable<DatasetColumn> MoreColumns() => [PathColumn("Id")];

    protected override void Decode(int row, in ListedImage listed, Raster raster)
    {
        if (Path.GetExtension(listed.Path).Equals(".ppm", StringComparison.OrdinalIgnoreCase))
        {
            PpmFile.Read(listed.Path, raster);
        }
        else
        {
            base.Decode(row, listed, raster);
        }
    }

    protected override IReadOnlyList<ListedImage> List()
    {
        List<ListedImage> images = [];
        for (int label = 0; label < classes.Length; label++)
        {
            (string folder, string named) = classes[label];
            string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal)];
            if (files.Length == 0)
            {
                throw new InvalidDataException($"{named}: the folder '{folder}' has no images ({string.Join(", ", Extensions)}).");
            }

            images.AddRange(files.Select(file => new ListedImage(file, label, named, BoundingBox.None)));
        }

        return images;
    }

    private static ((string, string)[], IReadOnlyList<string>) AllClasses(string folder)
    {
        string[] folders = [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)];
        return folders.Length > 0
            ? (Array.ConvertAll(folders, path => (path, path)), Array.ConvertAll(folders, path => Path.GetFileName(path)))
            : throw new DirectoryNotFoundException($"'{folder}' has no folders; one for each class is needed.");
    }

    /// <summary>Lines of a class's folder and, after white space, its name if that is another (as in ImageNet's list of synsets). Empty lines and lines that start with # are left out.</summary>
    private static ((string, string)[], IReadOnlyList<string>) ListedClasses(string folder, string classList)
    {
        List<(string, string)> classes = [];
        List<string> names = [];
        Dictionary<string, int> lines = [];
        Dictionary<string, int> nameLines = [];
        int line = 0;
        foreach (string text in File.ReadLines(classList).Select(text => text.Trim()))
        {
            line++;
            if (text.Length == 0 || text[0] == '#')
            {
                continue;
            }

            string[] parts = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string path = Path.Combine(folder, parts[0]);
            if (parts[0] != Path.GetFileName(parts[0]) || !Directory.Exists(path))
            {
                throw new DirectoryNotFoundException($"{classList}, line {line}: expected a folder in '{folder}', found '{parts[0]}', which is none.");
            }

            Once(lines, parts[0], "folder");
            Once(nameLines, parts[^1], "name");
            classes.Add((path, $"{classList}, line {line}"));
            names.Add(parts[^1]);
        }

        return classes.Count > 0 ? ([.. classes], names) : throw DamagedFile.AtLine(classList, Math.Max(1, line), "a class", "none in the whole file");

        void Once(Dictionary<string, int> seen, string value, string what)
        {
            if (!seen.TryAdd(value, line))
            {
                throw DamagedFile.AtLine(classList, line, $"each {what} once", $"'{value}' again, after line {seen[value]}");
            }
        }
    }
}
