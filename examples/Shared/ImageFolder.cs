using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples;

/// <summary>Images in a folder: directly, or in one sub-folder for each class.</summary>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    /// <summary>All images, class by class.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">It has no images.</exception>
    public static IReadOnlyList<ImageFile> List(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        List<ImageFile> found = [.. In(folder, string.Empty)];
        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            found.AddRange(In(inner, Path.GetFileName(inner)));
        }

        return found.Count > 0 ? found : throw new InvalidDataException($"The folder '{folder}' has no images ({string.Join(", ", Extensions)}), directly or in sub-folders.");

        IEnumerable<ImageFile> In(string place, string className) => Directory.EnumerateFiles(place)
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .Select(file => new ImageFile { Path = Path.GetFullPath(file), Id = Path.GetRelativePath(folder, file).Replace('\\', '/'), ClassName = className });
    }

    /// <summary>A number of them, evenly spaced, so that every class has its share.</summary>
    public static IReadOnlyList<ImageFile> Sample(IReadOnlyList<ImageFile> files, int count)
        => files.Count <= count ? files : [.. Enumerable.Range(0, count).Select(i => files[(int)((long)i * files.Count / count)])];

    /// <summary>A view with the columns Id, Label (text: the sub-folder) and the images as MLImages.</summary>
    public static IDataView Load(MLContext context, IReadOnlyList<ImageFile> files, string imageColumn)
    {
        IDataView view = context.Data.LoadFromEnumerable(files);
        return context.Transforms.CopyColumns("Label", nameof(ImageFile.ClassName))
            .Append(context.Transforms.LoadImages(imageColumn, null, nameof(ImageFile.Path)))
            .Fit(view)
            .Transform(view);
    }

    /// <summary>A view with the columns Id, Label (a key of the given classes; missing for other names) and the images as MLImages.</summary>
    public static IDataView Load(MLContext context, IReadOnlyList<ImageFile> files, IReadOnlyList<string> classes, string imageColumn)
    {
        IDataView names = context.Data.LoadFromEnumerable(classes.Select(name => new ClassEntry { ClassName = name }));
        IDataView view = context.Data.LoadFromEnumerable(files);
        return context.Transforms.Conversion.MapValueToKey("Label", nameof(ImageFile.ClassName), keyData: names)
            .Append(context.Transforms.LoadImages(imageColumn, null, nameof(ImageFile.Path)))
            .Fit(view)
            .Transform(view);
    }

    private sealed class ClassEntry
    {
        public string ClassName { get; set; } = string.Empty;
    }
}

/// <summary>One image of a folder, as a row that ML.NET reads.</summary>
public sealed class ImageFile
{
    /// <summary>Where it is.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Its path in the folder.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>The sub-folder it lies in; empty for none.</summary>
    public string ClassName { get; set; } = string.Empty;
}
