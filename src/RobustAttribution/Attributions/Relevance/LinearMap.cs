using RobustAttribution.Networks;
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

    /// <summary>The map of a step; null where the step is none.</summary>
    internal static LinearMap? Of(TapeStep step, bool withBias)
    {
        switch (step)
        {
            case { Layer: ConvolutionLayer convolution, Normalization: { } normalization }:
                (Tensor scale, Tensor shift) = normalization.InferenceCoefficients();
                Tensor bias = convolution.Bias is null ? shift : shift + (convolution.Bias * scale);
                return new LinearMap(convolution.Weight * scale.reshape(-1, 1, 1, 1), withBias ? bias : null, convolution.Convolve);
            case { Layer: ConvolutionLayer convolution }:
                return new LinearMap(convolution.Weight, withBias ? convolution.Bias : null, convolution.Convolve);
            case { Layer: LinearLayer linear }:
                return new LinearMap(linear.Weight, withBias ? linear.Bias : null, nn.functional.linear);
            case { Layer: BatchNormalizationLayer alone }:
                (Tensor factor, Tensor summand) = alone.InferenceCoefficients();
                return new LinearMap(factor.reshape(1, -1, 1, 1), withBias ? summand.reshape(1, -1, 1, 1) : null, (x, w, b) => b is null ? x * w : (x * w) + b);
            default:
                return null;
        }
    }
}
