namespace RobustAttribution.MLNet;

/// <summary>How <c>mlContext.Data.LoadFashionMnist</c> shows the data set.</summary>
public sealed record FashionMnistOptions
{
    /// <summary>Environment variable with the folder of the files.</summary>
    public const string FolderVariable = "ROBUSTATTRIBUTION_FASHION_MNIST";

    /// <summary>Where Debian's package dataset-fashion-mnist puts the files.</summary>
    public const string DebianFolder = "/usr/share/datasets/fashion-mnist";

    /// <summary>Names of the classes, in the order of their numbers.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Show pictures as MLImage of 28×28 instead of as float vectors of 1×28×28 in 0…255. False by default.</summary>
    public bool ImagesAsMLImage { get; init; }

    /// <summary>Show labels as a key with the class names as key values instead of as text. False by default, so that <c>MapValueToKey</c> fits.</summary>
    public bool LabelsAsKey { get; init; }
}
