using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet;

/// <summary>How <c>mlContext.Data.LoadFashionMnist</c> shows the dataset.</summary>
public sealed record FashionMnistOptions
{
    /// <summary>Environment variable with the folder of the files.</summary>
    public const string FolderVariable = "ROBUSTATTRIBUTION_FASHION_MNIST";

    /// <summary>Where Debian's package dataset-fashion-mnist puts the files.</summary>
    public const string DebianFolder = "/usr/share/datasets/fashion-mnist";

    /// <summary>The user's cache, where a download belongs so that later runs find it; the folder need not exist.</summary>
    /// <value>
    /// <c>robustattribution/fashion-mnist</c> in the folder of XDG_CACHE_HOME or in ~/.cache (macOS: ~/Library/Caches), on Windows
    /// <c>RobustAttribution\fashion-mnist</c> in the local application data; in the temporary folder for a user without a home folder.
    /// </value>
    /// <remarks>Nothing is downloaded here: <see cref="DatasetDownloader"/> fetches <see cref="KnownDatasets.FashionMnist"/> into it.</remarks>
    public static string CacheFolder => UserCache.Folder("fashion-mnist");

    /// <summary>Names of the classes, in the order of their numbers.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Show images as MLImage of 28×28 instead of as float vectors of 1×28×28 in 0…255. False by default.</summary>
    public bool ImagesAsMLImage { get; init; }

    /// <summary>Show labels as a key with the class names as key values instead of as text. False by default, so that <c>MapValueToKey</c> fits.</summary>
    public bool LabelsAsKey { get; init; }

    /// <summary>The folder that <c>LoadFashionMnist</c> reads.</summary>
    /// <param name="folder">Taken as it is where not null.</param>
    /// <returns>
    /// The given folder; else that of the environment variable <see cref="FolderVariable"/>, where it is set; else the first of
    /// <see cref="DebianFolder"/> and <see cref="CacheFolder"/> that has all four files, plain or .gz; else null.
    /// </returns>
    public static string? FindFolder(string? folder = null) => FashionMnistFolders.Here.Find(folder);
}
