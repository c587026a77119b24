using Microsoft.ML.Data;
using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Data;

/// <summary>One picture file of a data set.</summary>
/// <param name="Path">The file.</param>
/// <param name="Label">Its class, from 0.</param>
/// <param name="Named">Where it was named, for errors: a file and a line, or a folder.</param>
/// <param name="Box">Where the object is, in pixels of the file; <see cref="BoundingBox.None"/> where that is unknown.</param>
internal readonly record struct ListedPicture(string Path, int Label, string Named, BoundingBox Box);

/// <summary>Data sets that keep each picture in a file of its own.</summary>
/// <param name="folder">The folder from which the paths in the Id column start.</param>
internal abstract class ListedPictures(string folder) : PictureSet
{
    private IReadOnlyList<ListedPicture>? pictures;

    public override int Count => Pictures.Count;

    protected IReadOnlyList<ListedPicture> Pictures => LazyInitializer.EnsureInitialized(ref pictures, List);

    public override int Label(int row) => Pictures[row].Label;

    public override void Read(int row, Raster raster)
    {
        ListedPicture picture = Pictures[row];
        if (!File.Exists(picture.Path))
        {
            throw new FileNotFoundException($"{picture.Named}: the picture '{picture.Path}' is missing.", picture.Path);
        }

        Decode(row, picture, raster);
    }

    /// <summary>Lists the pictures; called once.</summary>
    protected abstract IReadOnlyList<ListedPicture> List();

    protected virtual void Decode(int row, in ListedPicture picture, Raster raster)
    {
        try
        {
            using MLImage image = MLImage.CreateFromFile(picture.Path);
            raster.SetImage(image);
        }
        catch (ArgumentException damage)
        {
            throw new InvalidDataException($"{picture.Path} (named by {picture.Named}): expected a picture, found something that cannot be decoded: {damage.Message}", damage);
        }
    }

    /// <summary>The column of paths from the folder, with forward slashes.</summary>
    protected PictureColumn PathColumn(string name)
        => PictureColumn.Text(name, row => Path.GetRelativePath(folder, Pictures[row].Path).Replace('\\', '/'));
}
