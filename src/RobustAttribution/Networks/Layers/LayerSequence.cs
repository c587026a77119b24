using System.Globalization;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Layers one after the other, PyTorch's <c>Sequential</c>: each is registered under its name, or under its number.</summary>
/// <remarks>A convolution followed by a batch normalisation is told to the runner as the pair it is.</remarks>
public sealed class LayerSequence : LayeredModule
{
    private readonly nn.Module<Tensor, Tensor>[] layers;
    private readonly int featureIndex;
    private readonly string? featureLayer;

    /// <summary>Makes a chain whose layers are named 0, 1, 2, …</summary>
    public LayerSequence(params nn.Module<Tensor, Tensor>[] layers)
        : this(null, [.. layers.Select((layer, index) => (index.ToString(CultureInfo.InvariantCulture), layer))])
    {
    }

    /// <summary>Makes a chain of named layers.</summary>
    /// <param name="featureLayer">See <see cref="LayeredModule.FeatureLayer"/>.</param>
    /// <param name="layers">Names without dots, all different, and the layers.</param>
    /// <exception cref="ArgumentException"><paramref name="featureLayer"/> is none of the names.</exception>
    public LayerSequence(string? featureLayer, params (string Name, nn.Module<Tensor, Tensor> Layer)[] layers)
        : base(nameof(LayerSequence))
    {
        Require.NotNull(layers, nameof(layers));
        if (featureLayer is not null && !layers.Any(layer => layer.Name == featureLayer))
        {
            throw new ArgumentException($"{nameof(featureLayer)} is '{featureLayer}'; allowed are {string.Join(", ", layers.Select(layer => layer.Name))}.", nameof(featureLayer));
        }

        this.featureLayer = featureLayer;
        featureIndex = Array.FindIndex(layers, layer => layer.Name == featureLayer);
        this.layers = [.. layers.Select(layer => layer.Layer)];
        foreach ((string name, nn.Module<Tensor, Tensor> layer) in layers)
        {
            register_module(name, layer);
        }
    }

    /// <inheritdoc/>
    public override string? FeatureLayer => featureLayer;

    /// <inheritdoc/>
    public override LinearLayer? PooledHead
        => featureIndex >= 0 && featureIndex == layers.Length - 3 && layers[^2] is GlobalAveragePoolLayer ? layers[^1] as LinearLayer : null;

    /// <inheritdoc/>
    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor x = input;
        for (int i = 0; i < layers.Length; i++)
        {
            if (layers[i] is ConvolutionLayer convolution && i + 1 < layers.Length && layers[i + 1] is BatchNormalizationLayer normalization)
            {
                x = runner.Apply(convolution, normalization, x);
                i++;
            }
            else
            {
                x = runner.Apply(layers[i], x);
            }
        }

        return x;
    }
}
