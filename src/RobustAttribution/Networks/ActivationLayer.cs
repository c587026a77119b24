using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A layer whose activation function <see cref="ImageNetwork.WithActivation"/> can exchange.</summary>
/// <remarks>Use it wherever a network of your own should be switchable. It has no parameters.</remarks>
public sealed class ActivationLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Makes a layer that applies <paramref name="activation"/>, ReLU by default.</summary>
    public ActivationLayer(Activation? activation = null)
        : base(nameof(ActivationLayer))
    {
        Activation = activation ?? Activation.Relu;
        RegisterComponents();
    }

    /// <summary>The activation applied now.</summary>
    public Activation Activation { get; internal set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Activation.Apply(input);
}
