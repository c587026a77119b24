using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The gradient of the target logit, but for another rule at the activations. In pixel scale.</summary>
public abstract record ActivationBackpropagation : ModifiedBackpropagation
{
    /// <summary>The signal before an activation.</summary>
    /// <param name="signal">The signal behind it.</param>
    /// <param name="gradient">Multiplies a signal by the activation's derivative.</param>
    private protected abstract Tensor Through(Tensor signal, Func<Tensor, Tensor> gradient);

    private protected sealed override Tensor Explain(ImageNetwork network, LayerTape tape, Tensor input, Tensor logits, Tensor target, bool createGraph)
    {
        Tensor signal = tape.Backward(logits, target, input, (step, signal) => step.Layer is ActivationLayer
            ? [Through(signal, behind => Gradient(step, behind, createGraph)[0])]
            : Gradient(step, signal, createGraph));
        return signal * network.NormalizedRadius(1); // d normalised / d pixel = 1/std
    }
}
