using Microsoft.ML.Data;
using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>One image file of a dataset.</summary>
/// <param name="Path">The file.</param>
/// <param name="Label">Its class, from 0.</param>
/// <param name="Named">Where it was named, for errors: a file and a line, or a folder.</param>
/// <param name="Box">Where the object is, in pixels of the file; <see cref="BoundingBox.None"/> where that is unknown.</param>
internal readonly record struct ListedImage(string Path, int Label, string Named, BoundingBox Box);

/// <summary>Datasets that keep each image in a file of its own.</summary>
/// <param name="folder">The folder from which the paths in the Id column start.</param>
internal abstract class ListedImages(string folder) : ImageDataset
{
    private IReadOnlyList<ListedImage>? images;

    public override int Count => Images.Count;

    protected IReadOnlyList<ListedImage> Images => LazyInitializer.EnsureInitialized(ref images, List);

    public override int Label(int row) => Images[row].Label;

    public override void Read(int row, Raster raster)
    {
        ListedImage image = Images[row];
        if (!File.Exists(image.Path))
        {
            throw new FileNotFoundException($"{image.Named}: the image '{image.Path}' is missing.", image.Path);
        }

        Decode(row, image, raster);
    }

    /// <summary>Lists the images; called once.</summary>
    protected abstract IReadOnlyList<ListedImage> List();

    protected virtual void Decode(int row, in ListedImage listed, Raster raster)
    {
        try
        {
            using MLImage image = MLImage.CreateFromFile(listed.Path);
            raster.SetImage(image);
        }
        catch (ArgumentException damage)
        {
            throw new InvalidDataException($"{listed.Path} (named by {listed.Named}): expected an image, found something that cannot be decoded: {damage.Message}", damage);
        }
    }

    /// <summary>The column of paths from the folder, with forward slashes.</summary>
    protected DatasetColumn PathColumn(string name)
        => DatasetColumn.Text(name, row => Path.GetRelativePath(folder, Images[row].Path).Replace('\\', '/'));
}
