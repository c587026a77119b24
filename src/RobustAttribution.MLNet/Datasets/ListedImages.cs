using Microsoft.ML.Data;
using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>One image file of a dataset.</summary>
/// <param name="Path">The file.</param>
/// <param name="Label">Its class, from 0.</param>
/// <param name="Named">Where it was named, for errors: a file and a line, or a folder.</param>
/// <param name="Box">Where the object is, in pixels as stored in the file; <see cref="BoundingBox.None"/> where that is unknown.</param>
internal readonly record struct ListedImage(string Path, int Label, string Named, BoundingBox Box);

/// <summary>The images of a dataset that keeps each in a file of its own.</summary>
/// <param name="folder">The folder from which paths in columns start.</param>
/// <param name="list">Lists them; called once, when a row is asked for.</param>
internal sealed class ListedImages(string folder, Func<IReadOnlyList<ListedImage>> list)
{
    private readonly Lazy<IReadOnlyList<ListedImage>> images = new(list);

    public int Count => images.Value.Count;

    public ListedImage this[int row] => images.Value[row];

    /// <summary>The column Image.</summary>
    /// <param name="upright">Whether the EXIF orientation is applied; not where boxes are in the pixels as stored.</param>
    public DatasetColumn Image(bool upright) => DatasetColumn.Images(row => Decode(this[row], upright));

    public DatasetColumn Label(IReadOnlyList<string> classNames, bool asKey)
        => DatasetColumn.Class("Label", classNames, asKey, row => this[row].Label);

    /// <summary>The column of paths from the folder, with forward slashes.</summary>
    public DatasetColumn Path(string name)
        => DatasetColumn.Text(name, row => System.IO.Path.GetRelativePath(folder, this[row].Path).Replace('\\', '/'));

    public DatasetColumn Box() => DatasetColumn.Box(row => this[row].Box);

    public static MLImage Decode(in ListedImage image, bool upright)
    {
        ImageDecoder.RequireFile(image.Path, image.Named);
        return ImageDecoder.Decode(image.Path, $"{image.Path} (named by {image.Named})", upright);
    }
}
