using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The points at which the second pass of a <see cref="ModifiedBackpropagation"/> is differentiated.</summary>
internal sealed class SecondPass(ImageNetwork network, Tensor input, bool withBounds, bool createGraph)
{
    /// <summary>The normalised images of the first pass, [N,C,H,W].</summary>
    public Tensor Input { get; } = input;

    /// <summary>Their values as a leaf, where the second pass's graph begins.</summary>
    public Tensor Leaf { get; } = input.detach().requires_grad_(true);

    /// <summary>
    /// The smallest and largest value that each normalised pixel can have, as leaves of the second pass's graph; null for attributions that do not
    /// need them.
    /// </summary>
    public (Tensor Lowest, Tensor Highest)? Bounds { get; }
        = withBounds ? (Bound(network, input, network.Input.LowerBound), Bound(network, input, network.Input.UpperBound)) : null;

    /// <summary>Whether a convolution's output may be used by more than the batch normalisation behind it: never in a network of ours.</summary>
    public bool MayHaveOtherUsers { get; } = network.MayWorkInPlace;

    /// <summary>Whether the attribution is to be differentiable.</summary>
    public bool CreateGraph { get; } = createGraph;

    /// <summary>The derivative of a normalised pixel at the pixel, 1/std, [1,C,1,1] or [1,1,1,1].</summary>
    public Tensor PerPixel => network.NormalizedRadius(1);

    /// <summary>The derivatives of a score at <see cref="Leaf"/> and at the bounds; zeros where it does not depend on one of several.</summary>
    /// <exception cref="InvalidOperationException">It depends on none.</exception>
    public Tensor[] Derivatives(string method, Tensor score)
    {
        Tensor[] points = Bounds is { } bounds ? [Leaf, bounds.Lowest, bounds.Highest] : [Leaf];
        IList<Tensor> found = score.requires_grad ? autograd.grad([score], points, null, CreateGraph, CreateGraph, true) : [];
        return found.Any(derivative => !derivative.IsInvalid)
            ? [.. found.Zip(points, (derivative, point) => derivative.IsInvalid ? zeros_like(point) : derivative)]
            : throw Differentiation.Independent(method, network);
    }

    /// <summary>The bounds of the inputs of a layer that sees the images, of the shape of its input; null for others, or without bounds.</summary>
    public (Tensor Lowest, Tensor Highest)? BoundsAt(LayerCall call)
    {
        return call.Places is { } places && Bounds is { } bounds ? (Placed(bounds.Lowest), Placed(bounds.Highest)) : null;

        Tensor Placed(Tensor bound)
            => cat([zeros([bound.shape[0], 1], bound.dtype, bound.device), bound.flatten(1)], 1).index_select(1, places).reshape(call.Input.shape);
    }

    /// <summary>The derivative of an activation at its input in the first pass.</summary>
    public Tensor Slope(ActivationSite site, Tensor at)
    {
        using IDisposable mode = enable_grad(); // the network may have switched it off around this activation
        Tensor point = CreateGraph && at.requires_grad ? at : at.detach().requires_grad_(true);
        Tensor values = site.Apply(point);
        return autograd.grad([values.sum()], [point], null, CreateGraph, CreateGraph)[0];
    }

    private static Tensor Bound(ImageNetwork network, Tensor input, double value)
        => network.Normalize(full_like(input, value)).detach().requires_grad_(true);
}
