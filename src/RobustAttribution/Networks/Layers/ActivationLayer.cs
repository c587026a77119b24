using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The activation of the library's own networks, which <see cref="ImageNetwork.WithActivation"/> exchanges. It has no parameters.</summary>
public sealed class ActivationLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Creates a layer that applies <paramref name="activation"/>, ReLU by default.</summary>
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
