using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>Keeps only the most salient pixels: 1/S of them, 2/S, … all. The sooner the class is recognised, the better the map.</summary>
public sealed record InsertionCurve : PixelCurve
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => true;

    private protected override double ShareOf(int index) => (index + 1.0) / Steps;

    private protected override Tensor KeptPixels(Tensor maps, double share) => MostSalient(maps, share);
}
