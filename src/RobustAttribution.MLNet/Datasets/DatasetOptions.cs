namespace RobustAttribution.MLNet;

/// <summary>How the loaders of datasets show images and labels.</summary>
public sealed record DatasetOptions
{
    /// <summary>
    /// Show the images of datasets with one size (CIFAR, MNIST, Fashion-MNIST, SVHN) as MLImages instead of as float vectors of channels × height
    /// × width values in 0…255.
    /// False by default. The other datasets are MLImages always, each of its own size: the trainer resizes.
    /// </summary>
    public bool ImagesAsMLImage { get; init; }

    /// <summary>
    /// Show labels as a key with the class names as key values instead of as text. False by default, so that <c>MapValueToKey</c> fits.
    /// </summary>
    public bool LabelsAsKey { get; init; }

    /// <summary>
    /// Called by <c>LoadImageFolders</c> when it lists the files, with the paths that it left out: hidden files and folders, files that are no
    /// images by their extension or lie beside the class folders, links to folders read before or to nothing. Relative to the
    /// folder; folders end with a slash.
    /// Null, the default, for nobody; the log has their number and the first ones.
    /// </summary>
    public Action<IReadOnlyList<string>>? LeftOut { get; init; }
}
