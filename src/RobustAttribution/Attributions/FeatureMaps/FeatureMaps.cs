using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Keeps the output of one layer in a forward pass.</summary>
internal sealed class FeatureMaps : IDisposable
{
    private readonly Undo hook;
    private readonly string layer;
    private readonly List<Tensor> found = [];

    private FeatureMaps(ImageNetwork network, nn.Module<Tensor, Tensor> module, string layer, bool connected)
    {
        this.layer = layer;
        hook = ForwardHooks.After(module, (_, output) =>
        {
            // The rest of the network depends on the kept tensor: the derivative of the logits at it is then their derivative at the layer's output.
            Tensor kept = connected && output.requires_grad ? output.alias() : output.detach().requires_grad_(true);
            found.Add(kept.DetachFromDisposeScope());
            return network.MayWorkInPlace ? kept.clone() : kept.alias(); // Sequential disposes of what it passes on
        });
    }

    /// <summary>[N,K,h,w]: the layer's output in the forward pass made since.</summary>
    /// <exception cref="NotSupportedException">The layer was called more than once or not at all, or its output is no map.</exception>
    public Tensor Maps
        => found.Count != 1
            ? throw new NotSupportedException($"Layer '{layer}' was used {found.Count} times in one forward pass; allowed is once.")
            : found[0].dim() == 4
                ? found[0]
                : throw new NotSupportedException(
                    $"Layer '{layer}' puts out [{string.Join(',', found[0].shape)}]; allowed is a layer that puts out maps [N,K,h,w].");

    /// <summary>Installs the hook on a layer, until the result is disposed.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layer">The layer's name; null for the network's <see cref="ImageNetwork.FeatureLayer"/>.</param>
    /// <param name="connected">Whether the maps stay part of the images' graph; false for a graph that begins with them.</param>
    /// <exception cref="NotSupportedException">There is no such layer, or no name and no default.</exception>
    public static FeatureMaps Of(ImageNetwork network, string? layer, bool connected)
    {
        string name = NameOf(network, layer);
        return new FeatureMaps(network, Module(network, name), name, connected);
    }

    /// <summary>The module of a layer; of null, that of the network's <see cref="ImageNetwork.FeatureLayer"/>.</summary>
    /// <exception cref="NotSupportedException">There is no such layer, or no name and no default.</exception>
    public static nn.Module<Tensor, Tensor> LayerOf(ImageNetwork network, string? layer) => Module(network, NameOf(network, layer));

    /// <summary>The name of a layer; of null, of the network's <see cref="ImageNetwork.FeatureLayer"/>.</summary>
    /// <exception cref="NotSupportedException">There is no name and no default.</exception>
    public static string NameOf(ImageNetwork network, string? layer)
        => layer ?? network.FeatureLayer
            ?? throw new NotSupportedException(
                $"The network {network.Backbone.GetType().Name} does not say which layer's maps to look at. "
                + $"Set {nameof(GradCam)}.{nameof(GradCam.Layer)} or {nameof(ImageNetwork)}.{nameof(ImageNetwork.FeatureLayer)} "
                + $"to one of {Names(network)}.");

    /// <summary>The module of a name.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public static nn.Module<Tensor, Tensor> Module(ImageNetwork network, string name)
        => network.Backbone.named_modules().FirstOrDefault(entry => entry.name == name).module switch
        {
            nn.Module<Tensor, Tensor> module => module,
            null => throw new NotSupportedException($"The network has no layer '{name}'; it has {Names(network)}."),
            { } other => throw new NotSupportedException(
                $"Layer '{name}' is a {other.GetType().Name}; allowed is a module of one input and one output."),
        };

    /// <summary>Enlarges maps [N,1,h,w] bilinearly to the size of the images, [N,1,H,W].</summary>
    public static Tensor Enlarge(Tensor maps, InputSpecification input)
        => nn.functional.interpolate(maps, [input.Height, input.Width], null, InterpolationMode.Bilinear, false);

    public void Dispose()
    {
        hook.Dispose();
        found.ForEach(tensor => tensor.Dispose());
    }

    private static string Names(ImageNetwork network) => string.Join(", ", network.Backbone.named_modules().Select(entry => entry.name));
}
