using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An <see cref="ActivationLayer"/>, which holds its own activation.</summary>
internal sealed class LayerSite(ActivationLayer layer) : ActivationSite
{
    private Activation lasting = layer.Activation;

    public override Activation Activation => layer.Activation;

    public override void Set(Activation activation)
    {
        lasting = activation;
        OnChanged();
    }

    public override Tensor Apply(Tensor x) => layer.Activation.Apply(x);

    public override IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer) => ForwardHooks.After(layer, answer);

    protected override void OnChanged() => layer.Activation = Newest?.Activation ?? lasting;
}
