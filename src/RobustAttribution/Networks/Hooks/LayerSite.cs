using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An <see cref="ActivationLayer"/>, which holds its own activation.</summary>
internal sealed class LayerSite(ActivationLayer layer) : ActivationSite
{
    public override Activation Activation => layer.Activation;

    public override void Set(Activation activation) => layer.Activation = activation;

    public override IDisposable Exchange(Activation activation)
    {
        Activation former = layer.Activation;
        layer.Activation = activation;
        return new Undo(() => layer.Activation = former);
    }

    public override Tensor Apply(Tensor x) => layer.Activation.Apply(x);

    public override IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer) => ForwardHooks.After(layer, answer);
}
