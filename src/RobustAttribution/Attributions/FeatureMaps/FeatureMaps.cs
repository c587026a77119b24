using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Keeps what one layer puts out in a forward pass.</summary>
internal sealed class FeatureMaps : IDisposable
{
    private readonly Action remove;
    private readonly string layer;
    private readonly List<Tensor> found = [];

    private FeatureMaps(nn.Module<Tensor, Tensor> module, string layer, bool connected)
    {
        this.layer = layer;
        var hook = module.register_forward_hook((_, _, output) =>
        {
            // What goes on is the tensor kept here: the derivative of the logits at it is then their derivative at the layer's output.
            Tensor kept = connected && output.requires_grad ? output.alias() : output.detach().requires_grad_(true);
            found.Add(kept.DetachFromDisposeScope());
            return kept;
        });
        remove = hook.remove;
    }

    /// <summary>[N,K,h,w]: the layer's output in the forward pass made since.</summary>
    /// <exception cref="NotSupportedException">The layer was used more than once or not at all, or its output is no map.</exception>
    public Tensor Maps
        => found.Count != 1
            ? throw new NotSupportedException($"Layer '{layer}' was used {found.Count} times in one forward pass; allowed is once.")
            : found[0].dim() == 4
                ? found[0]
                : throw new NotSupportedException($"Layer '{layer}' puts out [{string.Join(',', found[0].shape)}]; allowed is a layer that puts out maps [N,K,h,w].");

    /// <summary>Listens to a layer until disposed.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layer">The layer's name; null for the network's <see cref="LayeredModule.FeatureLayer"/>.</param>
    /// <param name="connected">Keep the maps part of the graph of the pictures; otherwise the graph begins with them.</param>
    /// <exception cref="NotSupportedException">There is no such layer, or no name and no default.</exception>
    public static FeatureMaps Of(ImageNetwork network, string? layer, bool connected)
    {
        string name = layer ?? (network.Backbone as LayeredModule)?.FeatureLayer
            ?? throw new NotSupportedException($"The network {network.Backbone.GetType().Name} does not say which layer's maps to look at; name one of {Names()}.");
        return network.Backbone.named_modules().FirstOrDefault(entry => entry.name == name).module is nn.Module<Tensor, Tensor> module
            ? new FeatureMaps(module, name, connected)
            : throw new NotSupportedException($"The network has no layer '{name}'; it has {Names()}.");

        string Names() => string.Join(", ", network.Backbone.named_modules().Select(entry => entry.name));
    }

    /// <summary>Maps [N,1,h,w] in the size of the pictures, [N,1,H,W], bilinearly.</summary>
    public static Tensor Enlarge(Tensor maps, InputSpecification input)
        => nn.functional.interpolate(maps, [input.Height, input.Width], null, InterpolationMode.Bilinear, false);

    public void Dispose()
    {
        remove();
        found.ForEach(tensor => tensor.Dispose());
    }
}
