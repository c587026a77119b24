using System.CommandLine;

namespace RobustAttribution.Examples;

/// <summary>Options that several examples have.</summary>
public static class SharedOptions
{
    /// <summary>--model</summary>
    public static Option<string> Model() => CommandLine.Path("--model", "The model.zip of the demo (example 1), of example 5, or one of your own with RobustImageClassification in it.", Path.Combine("artifacts", "demo", "model.zip"));

    /// <summary>--pictures</summary>
    public static Option<string?> Pictures(string purpose) => CommandLine.OptionalPath(
        "--pictures", $"{purpose} Without it: the Fashion-MNIST test pictures, for a model that was trained on Fashion-MNIST.");

    /// <summary>--data</summary>
    public static Option<string?> Data() => CommandLine.OptionalPath(
        "--data", "Folder with the four Fashion-MNIST files (plain or .gz), where --pictures is not given. Without it: the environment variable ROBUSTATTRIBUTION_FASHION_MNIST, then the place where Debian's package dataset-fashion-mnist puts them.");

    /// <summary>--output</summary>
    public static Option<string> Output(string what, string name) => CommandLine.Path("--output", what, Path.Combine("artifacts", name));
}
