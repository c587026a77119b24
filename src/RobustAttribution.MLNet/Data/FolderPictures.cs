using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Data;

/// <summary>Pictures in one folder for each class, as ImageNet's: folder/class/picture.jpeg. A list may choose and order the classes.</summary>
internal sealed class FolderPictures : ListedPictures
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".bmp", ".ppm" };
    private readonly (string Folder, string Named)[] classes;

    /// <exception cref="DirectoryNotFoundException">The folder, a class of the list, or all class folders are not there.</exception>
    /// <exception cref="InvalidDataException">The list names a class twice, or none.</exception>
    public FolderPictures(string folder, string? classList)
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

    public override IEnumerable<PictureColumn> MoreColumns() => [PathColumn("Id")];

    protected override void Decode(int row, in ListedPicture picture, Raster raster)
    {
        if (Path.GetExtension(picture.Path).Equals(".ppm", StringComparison.OrdinalIgnoreCase))
        {
            PpmFile.Read(picture.Path, raster);
        }
        else
        {
            base.Decode(row, picture, raster);
        }
    }

    protected override IReadOnlyList<ListedPicture> List()
    {
        List<ListedPicture> pictures = [];
        for (int label = 0; label < classes.Length; label++)
        {
            (string folder, string named) = classes[label];
            string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal)];
            if (files.Length == 0)
            {
                throw new InvalidDataException($"{named}: the folder '{folder}' has no pictures ({string.Join(", ", Extensions)}).");
            }

            pictures.AddRange(files.Select(file => new ListedPicture(file, label, named, BoundingBox.None)));
        }

        return pictures;
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
