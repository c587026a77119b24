using System.Text.RegularExpressions;
using RobustAttribution.Attributions;

namespace RobustAttribution.Onnx;

/// <summary>What an ONNX file of a network holds besides its scores.</summary>
public sealed partial record OnnxExportOptions
{
    /// <summary>The oldest operator set that can be written: the first one that adds up what is scattered to one place.</summary>
    public const int OldestOpset = 16;

    /// <summary>The newest operator set that can be written, which ONNX Runtime 1.31 reads.</summary>
    public const int NewestOpset = 26;

    internal const string Image = "Image", TargetClass = "TargetClass";
    internal const string Score = "Score", Probability = "Probability", PredictedIndex = "PredictedIndex";

    /// <summary>What the library says of the file in its metadata.</summary>
    internal static readonly IReadOnlyList<string> MetadataKeys = ["ClassNames", "Maps", "Network", "Version"];

    private static readonly string[] Taken = [Image, TargetClass, Score, Probability, PredictedIndex];

    /// <summary>
    /// The maps to compute, each under the name of its output, of letters, digits and underscores. Empty for scores alone, which are computed
    /// faster.
    /// Null, the default, for those that the model explains itself with: the columns of <c>Saliency</c> in a pipeline; of a network, the magnitudes
    /// of the gradient under the name "Saliency".
    /// </summary>
    /// <remarks>
    /// The method is one of <see cref="InputGradient"/>, <see cref="GradientTimesInput"/>, <see cref="IntegratedGradients"/> with up to 256 points
    /// (all of an image's are computed at once) and <see cref="GradCam"/>; the baseline black, white or the mean.
    /// </remarks>
    public IReadOnlyDictionary<string, SaliencyMap>? Maps { get; init => field = CheckNames(value); }

    /// <summary>
    /// Names of the classes in the order of the scores, for the metadata; null, the default, for none, or in a pipeline the label's.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Whether a file with maps has the input <c>TargetClass</c>, which may be left out. True by default.</summary>
    /// <remarks>ONNX Runtime warns of such inputs when it loads a file, and ML.NET's <c>ApplyOnnxModel</c> cannot set them.</remarks>
    public bool TakesTargetClass { get; init; } = true;

    /// <summary>The operator set of the file, 16 to 26. 16 by default, which every ONNX Runtime since version 1.11 reads.</summary>
    public int Opset { get; init => field = Require.InRange(value, OldestOpset, NewestOpset); } = OldestOpset;

    /// <summary>Further entries of the metadata, such as a licence; empty by default.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = CheckKeys(Require.NotNull(value)); }
        = new Dictionary<string, string>();

    private static IReadOnlyDictionary<string, string> CheckKeys(IReadOnlyDictionary<string, string> metadata)
        => metadata.Keys.FirstOrDefault(MetadataKeys.Contains) is not { } taken ? metadata : throw new ArgumentException(
            $"{nameof(Metadata)} has the key '{taken}', which the library writes itself; allowed is any but {string.Join(", ", MetadataKeys)}.");

    private static IReadOnlyDictionary<string, SaliencyMap>? CheckNames(IReadOnlyDictionary<string, SaliencyMap>? maps)
        => maps?.Keys.FirstOrDefault(name => Taken.Contains(name) || !Name().IsMatch(name)) is not { } wrong ? maps : throw new ArgumentException(
            $"{nameof(Maps)} has the name '{wrong}'; allowed are letters, digits and underscores, a letter first, but for"
            + $" {string.Join(", ", Taken)}.");

    [GeneratedRegex(@"\A[A-Za-z]\w*\z", RegexOptions.ECMAScript)]
    private static partial Regex Name();
}
