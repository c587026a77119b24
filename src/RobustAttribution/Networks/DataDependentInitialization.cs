using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// Scales the layers of a network to the images (Krähenbühl, Doersch, Donahue, Darrell: "Data-dependent Initializations of Convolutional Neural
/// Networks", ICLR 2016, algorithm 1 with β = 0): w_k ← γ w_k/σ_k, b_k ← −γ μ_k/σ_k for each channel k.
/// </summary>
/// <remarks>In one forward pass: each layer is changed when it is called, and passes on what it would then have computed.</remarks>
internal static class DataDependentInitialization
{
    private const double SmallestShare = 1e-4; // of a channel's mean: what deviates by less is the same everywhere

    /// <summary>Changes every convolution and linear layer but the one with the last parameter, which computes the logits.</summary>
    /// <param name="network">Has its activation already.</param>
    /// <param name="images">[N,C,H,W] in [0, 1], N at least 1.</param>
    /// <param name="deviation">γ, above 0.</param>
    public static void Apply(ImageNetwork network, Tensor images, double deviation)
    {
        string? last = network.Backbone.named_parameters().LastOrDefault().name;
        nn.Module<Tensor, Tensor>[] layers =
        [
            .. network.Backbone.named_modules()
                .Where(entry => entry.module is Conv2d { transposed: false } or Linear)
                .Where(entry => last?.StartsWith(entry.name + ".", StringComparison.Ordinal) != true)
                .Select(entry => (nn.Module<Tensor, Tensor>)entry.module).Distinct(),
        ];
        using IDisposable scope = Scope.Holding(network, images);
        using IDisposable gradients = no_grad();
        using IDisposable inspection = network.ForInspection();
        HashSet<nn.Module> changed = [];
        using Undo hooks = Undo.All(layers.Select(
            layer => ForwardHooks.After(layer, (_, output) => changed.Add(layer) ? Standardize(layer, output, deviation) : null)));
        network.Logits(images);
    }

    /// <summary>Changes a layer so that its outputs have mean 0 and a given deviation in each channel, and returns these.</summary>
    private static Tensor Standardize(nn.Module<Tensor, Tensor> layer, Tensor output, double wanted)
    {
        using IDisposable scope = NewDisposeScope();
        (Parameter weight, Parameter? bias) = layer switch
        {
            Conv2d convolution => (convolution.weight, convolution.bias),
            Linear linear => (linear.weight, linear.bias),
            _ => throw new ArgumentException($"{layer.GetName()} is neither a convolution nor a linear layer.", nameof(layer)),
        };
        bool isImage = layer is Conv2d;
        long channel = isImage ? 1 : output.dim() - 1;
        long[] others = [.. Enumerable.Range(0, (int)output.dim()).Select(axis => (long)axis).Where(axis => axis != channel)];
        (Tensor variance, Tensor mean) = var_mean(output.to(ScalarType.Float64), others, unbiased: false);
        Tensor deviation = variance.sqrt();
        Tensor scale = where(deviation > SmallestShare * mean.abs(), wanted / deviation, ones_like(deviation));
        Tensor scaled = scale.to(output.dtype), shift = (bias is null ? zeros_like(mean) : mean).to(output.dtype);
        weight.mul_(scaled.reshape([-1, .. Enumerable.Repeat(1L, (int)weight.dim() - 1)]));
        bias?.copy_((bias - shift) * scaled);
        long[] channels = isImage ? [1, -1, 1, 1] : [-1];
        return ((output - shift.reshape(channels)) * scaled.reshape(channels)).MoveToOuterDisposeScope();
    }
}
