namespace RobustAttribution.MLNet.Datasets;

/// <summary>The files of one dataset. Nothing of their content is read before a member other than <see cref="ClassNames"/> is asked for.</summary>
internal abstract class ImageDataset
{
    /// <summary>What the labels 0, 1, … stand for.</summary>
    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of images.</summary>
    public abstract int Count { get; }

    /// <summary>Channels of the images as vectors: 1 or 3.</summary>
    public virtual int Channels => 3;

    /// <summary>Height and width that all images have; null where they differ.</summary>
    public virtual (int Height, int Width)? Size => null;

    /// <summary>Height and width of vectors, unless the user wants another.</summary>
    public abstract (int Height, int Width) VectorSize { get; }

    /// <summary>The class of a row, from 0.</summary>
    public abstract int Label(int row);

    /// <summary>Decodes the image of a row.</summary>
    public abstract void Read(int row, Raster raster);

    /// <summary>The columns after Image and Label.</summary>
    public abstract IEnumerable<DatasetColumn> MoreColumns();
}
