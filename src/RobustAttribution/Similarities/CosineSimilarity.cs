using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Cosine of the angle between the maps as vectors: a·b/(‖a‖·‖b‖) (the measure in AGA's loss).</summary>
/// <remarks>From −1 to 1, symmetric, unchanged by positive scaling of either map. NaN where a map is zero everywhere: it has no direction.</remarks>
public sealed record CosineSimilarity : MapSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Cosine similarity";

    private protected override Tensor Measure(Tensor a, Tensor b) => MapVectors.Cosine(a.flatten(1), b.flatten(1));
}
