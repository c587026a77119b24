using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>A layer as layer-wise relevance sees it: z = Σᵢ xᵢwᵢ + b, with any weights in place of its own.</summary>
public sealed class LinearMap
{
    private readonly Func<Tensor, Tensor, Tensor?, Tensor> map;

    private LinearMap(Tensor weight, Tensor? bias, Func<Tensor, Tensor, Tensor?, Tensor> map) => (Weight, Bias, this.map) = (weight, bias, map);

    /// <summary>w, a batch normalisation folded into it.</summary>
    public Tensor Weight { get; }

    /// <summary>b; null where there is none, or where biases shall take no relevance.</summary>
    public Tensor? Bias { get; }

    /// <summary>z for any input, weights and bias.</summary>
    public Tensor Apply(Tensor input, Tensor weight, Tensor? bias) => map(input, weight, bias);

    /// <summary>The positive part of some weights, or of a bias.</summary>
    public static Tensor? Positive(Tensor? values) => values?.clamp_min(0);

    /// <summary>The negative part of some weights, or of a bias.</summary>
    public static Tensor? Negative(Tensor? values) => values?.clamp_max(0);

    /// <summary>The map of a linear layer, a batch normalisation behind it folded in.</summary>
    internal static LinearMap Of(LayerCall call, bool withBias)
    {
        switch (call.Layer)
        {
            case BatchNorm2d normalization when call.Convolution is { Layer: Conv2d before }:
                (Tensor scale, Tensor shift) = Coefficients(normalization);
                Tensor bias = before.bias is null ? shift : shift + (before.bias * scale);
                return new LinearMap(before.weight! * scale.reshape(-1, 1, 1, 1), withBias ? bias : null, Convolve(before));
            case BatchNorm2d alone:
                (Tensor factor, Tensor summand) = Coefficients(alone);
                return new LinearMap(factor.reshape(1, -1, 1, 1), withBias ? summand.reshape(1, -1, 1, 1) : null, (x, w, b) => b is null ? x * w : (x * w) + b);
            case Conv2d convolution:
                return new LinearMap(convolution.weight!, withBias ? convolution.bias : null, Convolve(convolution));
            default:
                var linear = (Linear)call.Layer;
                return new LinearMap(linear.weight!, withBias ? linear.bias : null, nn.functional.linear);
        }
    }

    private static Func<Tensor, Tensor, Tensor?, Tensor> Convolve(Conv2d layer)
        => (x, w, b) => nn.functional.conv2d(x, w, b, layer.stride, layer.padding, layer.dilation, layer.groups);

    /// <summary>What a batch normalisation multiplies each channel by in evaluation mode, and what it adds: γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), both [C].</summary>
    private static (Tensor Scale, Tensor Shift) Coefficients(BatchNorm2d layer)
    {
        Tensor scale = (layer.running_var! + layer.eps).rsqrt();
        scale = layer.weight is null ? scale : layer.weight * scale;
        Tensor shift = layer.running_mean! * scale;
        return (scale, layer.bias is null ? -shift : layer.bias - shift);
    }
}
