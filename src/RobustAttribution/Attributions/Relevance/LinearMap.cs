using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>A linear layer z = Σᵢ xᵢwᵢ + b that can be evaluated with other weights than its own.</summary>
internal sealed class LinearMap
{
    private readonly Func<Tensor, Tensor, Tensor?, Tensor> map;

    private LinearMap(Tensor weight, Tensor? bias, Func<Tensor, Tensor, Tensor?, Tensor> map) => (Weight, Bias, this.map) = (weight, bias, map);

    /// <summary>w, with the batch normalisation behind the layer folded in.</summary>
    public Tensor Weight { get; }

    /// <summary>b; null where the layer has none, or where biases take no relevance.</summary>
    public Tensor? Bias { get; }

    /// <summary>z for any input, weights and bias.</summary>
    public Tensor Apply(Tensor input, Tensor weight, Tensor? bias) => map(input, weight, bias);

    /// <summary>The positive part of some weights, or of a bias.</summary>
    public static Tensor? Positive(Tensor? values) => values?.clamp_min(0);

    /// <summary>The negative part of some weights, or of a bias.</summary>
    public static Tensor? Negative(Tensor? values) => values?.clamp_max(0);

    /// <summary>The map of a linear layer, with the batch normalisation behind it folded in.</summary>
    public static LinearMap Of(LayerCall call, bool withBias)
    {
        switch (call.Layer)
        {
            case BatchNorm2d normalization when call.Convolution is { Layer: Conv2d before }:
                (Tensor scale, Tensor shift) = Coefficients(normalization);
                Tensor bias = before.bias is null ? shift : shift + (before.bias * scale);
                return new LinearMap(before.weight! * scale.reshape(-1, 1, 1, 1), withBias ? bias : null, Convolve(before));
            case BatchNorm2d alone:
                (Tensor factor, Tensor summand) = Coefficients(alone);
                Tensor? addend = withBias ? summand.reshape(1, -1, 1, 1) : null;
                return new LinearMap(factor.reshape(1, -1, 1, 1), addend, (x, w, b) => b is null ? x * w : (x * w) + b);
            case Conv2d convolution:
                return new LinearMap(convolution.weight!, withBias ? convolution.bias : null, Convolve(convolution));
            default:
                var linear = (Linear)call.Layer;
                return new LinearMap(linear.weight!, withBias ? linear.bias : null, nn.functional.linear);
        }
    }

    private static Func<Tensor, Tensor, Tensor?, Tensor> Convolve(Conv2d layer)
        => (x, w, b) => nn.functional.conv2d(x, w, b, layer.stride, layer.padding, layer.dilation, layer.groups);

    /// <summary>
    /// The factor and the summand of each channel of a batch normalisation in evaluation mode: γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), both [C].
    /// </summary>
    private static (Tensor Scale, Tensor Shift) Coefficients(BatchNorm2d layer)
    {
        Tensor scale = (layer.running_var! + layer.eps).rsqrt();
        scale = layer.weight is null ? scale : layer.weight * scale;
        Tensor shift = layer.running_mean! * scale;
        return (scale, layer.bias is null ? -shift : layer.bias - shift);
    }
}
