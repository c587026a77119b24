using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// A network, or a block of one, that tells its forward pass step by step. Attributions that need more than gradients (layer-wise relevance, guided
/// back-propagation, deconvolution) see through networks of this kind, and through no others.
/// </summary>
/// <remarks>
/// Derive from it for a network of your own with joins; for a plain chain of layers use <see cref="LayerSequence"/>.
/// Every operation of the forward pass goes through the runner: a tensor changed behind its back stops the attribution with an error.
/// </remarks>
public abstract class LayeredModule : nn.Module<Tensor, Tensor>
{
    /// <summary>Names the module; the name appears in error messages.</summary>
    protected LayeredModule(string name)
        : base(name)
    {
    }

    /// <summary>The name of the layer whose output is the last map [N,C,H,W] worth looking at, for Grad-CAM; null where there is none.</summary>
    public virtual string? FeatureLayer => null;

    /// <summary>The linear layer that gives the logits from the means of <see cref="FeatureLayer"/>'s channels, for class activation maps; null where logits come about otherwise.</summary>
    public virtual LinearLayer? PooledHead => null;

    /// <summary>The forward pass.</summary>
    /// <param name="input">The normalised pictures, or whatever the block before this one puts out.</param>
    /// <param name="runner">Carries out each step.</param>
    /// <returns>The output of the last step.</returns>
    public abstract Tensor Run(Tensor input, ILayerRunner runner);

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor output = Run(input, PlainRunner.Instance);
        return ReferenceEquals(output, input) ? input : output.MoveToOuterDisposeScope();
    }
}
