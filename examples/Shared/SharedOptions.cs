using System.CommandLine;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples;

/// <summary>Options that several examples have.</summary>
public static class SharedOptions
{
    /// <summary>--model</summary>
    public static Option<string> Model() => CommandLine.Path("--model", "The model.zip of the demo (example 1), of example 5, or one of your own with RobustImageClassification in it.", Path.Combine("artifacts", "demo", "model.zip"));

    /// <summary>--images</summary>
    public static Option<string?> Images(string purpose) => CommandLine.OptionalPath(
        "--images", $"{purpose} Without it: the Fashion-MNIST test images, for a model that was trained on Fashion-MNIST.");

    /// <summary>--data</summary>
    public static Option<string?> Data(string condition = "") => CommandLine.OptionalPath(
        "--data",
        $"Folder with the four Fashion-MNIST files (plain or .gz){condition}. Without it: the folder of the environment variable "
        + $"{FashionMnistFolders.Variable}, then {FashionMnistFolders.Debian} (Debian's package dataset-fashion-mnist), "
        + $"then {FashionMnistFolders.Cache}.");

    /// <summary>--download</summary>
    public static Option<bool> Download() => new("--download")
    {
        Description = "Downloads Fashion-MNIST (about 30 MB, checksums verified) into the last of these folders if it is in none, without asking.",
    };

    /// <summary>--output</summary>
    public static Option<string> Output(string what, string name) => CommandLine.Path("--output", what, Path.Combine("artifacts", name));
}
