using Microsoft.ML.Runtime;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>Images in one folder for each class, as ImageNet's: folder/class/image.jpeg. A list may choose and order the classes.</summary>
internal sealed class FolderImages
{
    private const int Named = 5; // of the files left out, in the log and in errors
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".ppm"];
    private readonly string root;
    private readonly HashSet<string> visited = [];
    private readonly List<string> leftOut = [];

    private FolderImages(string root) => this.root = root;

    /// <exception cref="DirectoryNotFoundException">The folder, a class of the list, or all class folders are not there.</exception>
    /// <exception cref="InvalidDataException">The list names a class twice, or none.</exception>
    public static DatasetView Open(IHostEnvironment environment, DatasetOptions options, string folder, string? classList)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        (string Folder, string Name, string Named)[] classes = classList is null ? AllClasses(folder) : ListedClasses(folder, classList);
        var images = new ListedImages(folder, () =>
        {
            var files = new FolderImages(folder);
            List<ListedImage> found = files.List(classes, wholeFolder: classList is null);
            files.Report(environment, options);
            WarnOfLikeNames(environment, Array.ConvertAll(classes, entry => entry.Name));
            return found;
        });
        return new DatasetView(
            environment,
            () => images.Count,
            [images.Image(upright: true), images.Label(Array.ConvertAll(classes, entry => entry.Name), options.LabelsAsKey), images.Path("Id")]);
    }

    /// <summary>
    /// What no class and no image is called: hidden files and folders, those of macOS's archives, and its resource files (._NAME).
    /// </summary>
    private static bool IsHidden(FileSystemInfo entry)
        => entry.Name.StartsWith('.')
            || entry.Name == "__MACOSX"
            || (OperatingSystem.IsWindows() && entry.Attributes.HasFlag(FileAttributes.Hidden));

    private static (string, string, string)[] AllClasses(string folder)
    {
        IEnumerable<DirectoryInfo> visible = new DirectoryInfo(folder).EnumerateDirectories().Where(entry => !IsHidden(entry));
        string[] folders = [.. visible.Select(entry => entry.Name).Order(StringComparer.Ordinal)];
        return folders.Length > 0
            ? Array.ConvertAll(folders, name => (Path.Combine(folder, name), name, Path.Combine(folder, name)))
            : throw new DirectoryNotFoundException($"'{folder}' has no folders; one for each class is needed.");
    }

    /// <summary>
    /// Lines of a class's folder and its name if that is another, after a tab or, where the line as a whole names no folder, after the first
    /// white space (as in ImageNet's list of synsets).
    /// Empty lines and lines that start with # are left out.
    /// </summary>
    private static (string, string, string)[] ListedClasses(string folder, string classList)
    {
        List<(string, string, string)> classes = [];
        Dictionary<string, int> folderLines = [];
        Dictionary<string, int> nameLines = [];
        int line = 0;
        foreach (string raw in File.ReadLines(classList))
        {
            line++;
            string text = IsFolder(raw) ? raw : raw.Trim(); // a folder's name may begin or end with a space
            if (text.Length == 0 || text[0] == '#')
            {
                continue;
            }

            string[] parts = IsFolder(text)
                ? [text]
                : text.Split(text.Contains('\t') ? ['\t'] : null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string path = Path.Combine(folder, parts[0]);
            if (parts[0] != Path.GetFileName(parts[0]) || !Directory.Exists(path))
            {
                throw new DirectoryNotFoundException(
                    $"{classList}, line {line}: expected a folder in '{folder}', found '{parts[0]}', which is none.");
            }

            Once(folderLines, parts[0], "folder");
            Once(nameLines, parts[^1], "name");
            classes.Add((path, parts[^1], $"{classList}, line {line}"));
        }

        return classes.Count > 0 ? [.. classes] : throw DamagedFile.AtLine(classList, Math.Max(1, line), "a class", "none in the whole file");

        bool IsFolder(string name)
            => !string.IsNullOrWhiteSpace(name) && name == Path.GetFileName(name) && Directory.Exists(Path.Combine(folder, name));

        void Once(Dictionary<string, int> seen, string value, string what)
        {
            if (!seen.TryAdd(value, line))
            {
                throw DamagedFile.AtLine(classList, line, $"each {what} once", $"'{value}' again, after line {seen[value]}");
            }
        }
    }

    /// <summary>The path without links: of two names of one folder the same.</summary>
    private static string RealPath(DirectoryInfo folder)
    {
        if (folder.Parent is not { } parent)
        {
            return folder.FullName;
        }

        string here = Path.Combine(RealPath(parent), folder.Name);
        return Directory.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? RealPath(new DirectoryInfo(target.FullName)) : here;
    }

    private static string List(List<string> names) => string.Join(", ", names.Take(Named)) + (names.Count > Named ? ", …" : string.Empty);

    private List<ListedImage> List((string Folder, string Name, string Named)[] classes, bool wholeFolder)
    {
        if (wholeFolder)
        {
            FileSystemInfo[] entries = new DirectoryInfo(root).GetFileSystemInfos();
            leftOut.AddRange(entries.Where(entry => entry is FileInfo || IsHidden(entry)).Select(Relative).Order(StringComparer.Ordinal));
        }

        visited.Add(RealPath(new DirectoryInfo(root)));
        if (Array.Find(classes, entry => !visited.Add(RealPath(new DirectoryInfo(entry.Folder)))) is { Folder: { } twice, Named: var by })
        {
            throw new InvalidDataException($"{by}: the folder '{twice}' is that of another class, by a link.");
        }

        List<ListedImage> images = [];
        for (int label = 0; label < classes.Length; label++)
        {
            (string folder, _, string named) = classes[label];
            List<string> files = [];
            int before = leftOut.Count;
            Collect(new DirectoryInfo(folder), files);
            if (files.Count == 0)
            {
                string others = leftOut.Count == before ? string.Empty : $" Left out were: {List(leftOut[before..])}.";
                throw new InvalidDataException($"{named}: the folder '{folder}' has no images ({string.Join(", ", Extensions)}).{others}");
            }

            files.Sort(StringComparer.Ordinal);
            images.AddRange(files.Select(file => new ListedImage(file, label, named, BoundingBox.None)));
        }

        return images;
    }

    /// <summary>Collects the images of a folder and of those in it; a folder to which links lead counts once.</summary>
    private void Collect(DirectoryInfo folder, List<string> files)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (!IsHidden(entry) && entry is DirectoryInfo inner && visited.Add(RealPath(inner)))
            {
                Collect(inner, files);
            }
            else if (!IsHidden(entry)
                && entry is FileInfo
                && Extensions.Contains(entry.Extension, StringComparer.OrdinalIgnoreCase)
                && ImageDecoder.BrokenLink(entry.FullName) is null)
            {
                files.Add(entry.FullName);
            }
            else
            {
                leftOut.Add(Relative(entry));
            }
        }
    }

    /// <summary>Warns of classes whose names are one for a reader: they differ in case or in spaces around alone.</summary>
    private static void WarnOfLikeNames(IHostEnvironment environment, string[] names)
    {
        string[][] alike =
            [.. names.GroupBy(name => name.Trim().ToUpperInvariant()).Where(group => group.Count() > 1).Select(group => group.ToArray())];
        if (alike.Length > 0)
        {
            using IChannel channel = environment.Start("LoadImageFolders");
            channel.Warn(
                "Classes whose names differ in case or spaces around alone are classes of their own: "
                + string.Join("; ", alike.Select(group => string.Join(", ", group.Select(name => $"'{name}'")))));
        }
    }

    private string Relative(FileSystemInfo entry)
        => Path.GetRelativePath(root, entry.FullName).Replace('\\', '/') + (entry is DirectoryInfo ? "/" : string.Empty);

    private void Report(IHostEnvironment environment, DatasetOptions options)
    {
        if (leftOut.Count > 0)
        {
            using IChannel channel = environment.Start("LoadImageFolders");
            channel.Warning(
                MessageSensitivity.None,
                "{0} files and folders of '{1}' were left out: hidden ones, those that are no images by their extension ({2}) or lie beside "
                + "the class folders, links to folders read before, and links that lead nowhere: {3}",
                leftOut.Count,
                root,
                string.Join(", ", Extensions),
                List(leftOut));
            options.LeftOut?.Invoke(leftOut);
        }
    }
}
