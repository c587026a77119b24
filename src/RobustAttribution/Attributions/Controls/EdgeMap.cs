using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// A control that knows nothing of the network: how much the mean of the channels changes at each pixel, the magnitude of Sobel's operator. Maps of
/// edges look like explanations (Adebayo et al. 2018).
/// </summary>
/// <remarks>Beyond its border the image goes on with its outermost pixels.</remarks>
public sealed record EdgeMap : AttributionMethod
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => false;

    /// <inheritdoc/>
    protected override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
    {
        long height = images.shape[2], width = images.shape[3];
        Tensor grey = nn.functional.pad(images.mean([1], keepdim: true), [1, 1, 1, 1], PaddingModes.Replicate); // [N,1,H+2,W+2]
        return (Difference(3, 2).square() + Difference(2, 3).square()).sqrt();

        // The central difference along one axis, smoothed by (1, 2, 1)/8 along the other.
        Tensor Difference(int along, int across)
        {
            Tensor smooth = (Shifted(grey, across, 0) + Shifted(grey, across, 1) + Shifted(grey, across, 1) + Shifted(grey, across, 2)) / 8;
            return Shifted(smooth, along, 2) - Shifted(smooth, along, 0);
        }

        Tensor Shifted(Tensor x, int dimension, int start) => x.narrow(dimension, start, dimension == 2 ? height : width);
    }
}
