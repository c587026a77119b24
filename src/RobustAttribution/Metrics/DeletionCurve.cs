using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>Takes the most salient pixels away: none of them, 1/S, … (S − 1)/S. The sooner the class is lost, the better the map.</summary>
public sealed record DeletionCurve : PixelCurve
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    private protected override double ShareOf(int index) => (double)index / Steps;

    private protected override Tensor KeptPixels(Tensor maps, double share) => MostSalient(maps, share).logical_not();
}
