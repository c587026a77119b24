using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution that sends something else than the gradient of the target logit back through the network, layer by layer.</summary>
/// <remarks>Works on networks that tell their steps: every network of <see cref="KnownNetworks"/>, and modules of your own that derive from <see cref="LayeredModule"/>.</remarks>
public abstract record ModifiedBackpropagation : SinglePassAttribution
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        if (network.Backbone is not LayeredModule backbone)
        {
            throw new NotSupportedException(
                $"{GetType().Name} must know each layer of the network, and {network.Backbone.GetType().Name} does not tell them. Derive it from {nameof(LayeredModule)} or build it as a {nameof(LayerSequence)}, or use an attribution that needs gradients only.");
        }

        Tensor normalized = network.Normalize(images);
        Tensor input = createGraph && images.requires_grad ? normalized : normalized.detach().requires_grad_(true);
        var tape = new LayerTape();
        Tensor logits = backbone.Run(input, tape);
        Tensor chosen = target(logits).unsqueeze(1).eq(arange(network.ClassCount, ScalarType.Int64, network.Device)).to(logits.dtype); // [N,K], one-hot
        return (Explain(network, tape, input, logits, chosen, createGraph), logits);
    }

    /// <summary>The attribution, from the tape of the forward pass.</summary>
    private protected abstract Tensor Explain(ImageNetwork network, LayerTape tape, Tensor input, Tensor logits, Tensor target, bool createGraph);

    /// <summary>The ordinary gradient of a step: what back-propagation sends on.</summary>
    private protected static IReadOnlyList<Tensor> Gradient(TapeStep step, Tensor signal, bool createGraph)
    {
        if (step.Layer is null)
        {
            return [signal, signal];
        }

        if (!step.Output.requires_grad)
        {
            return [zeros_like(step.Input)]; // the layer cuts the graph
        }

        Tensor gradient = autograd.grad([step.Output], [step.Input], [signal], createGraph, createGraph, true)[0];
        return [gradient.IsInvalid ? zeros_like(step.Input) : gradient];
    }
}
