using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A two-dimensional convolution with zero padding, PyTorch's <c>Conv2d</c>: parameters <c>weight</c> [out,in,k,k] and <c>bias</c> [out].</summary>
public sealed class ConvolutionLayer : WeightedLayer
{
    private Parameter weight;
    private Parameter? bias;

    /// <summary>Makes a convolution with a square kernel.</summary>
    /// <param name="inputChannels">Channels of the input, at least 1.</param>
    /// <param name="outputChannels">Channels of the output, at least 1.</param>
    /// <param name="kernelSize">Height and width of the kernel, at least 1.</param>
    /// <param name="stride">Distance of neighbouring outputs at the input, at least 1.</param>
    /// <param name="padding">Zeros added at every border, at least 0.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    /// <param name="generator">Source of the initial weights, on the CPU; null draws from the global generator, as PyTorch does.</param>
    /// <param name="initialWeights">The weights' distribution; <see cref="InitialWeights.KaimingUniform"/> by default.</param>
    public ConvolutionLayer(
        int inputChannels,
        int outputChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        bool hasBias = true,
        Generator? generator = null,
        Func<long[], Generator?, Tensor>? initialWeights = null)
        : base(nameof(ConvolutionLayer))
    {
        long[] shape =
        [
            Require.InRange(outputChannels, 1, name: nameof(outputChannels)),
            Require.InRange(inputChannels, 1, name: nameof(inputChannels)),
            Require.InRange(kernelSize, 1, name: nameof(kernelSize)),
            kernelSize,
        ];
        Stride = Require.InRange(stride, 1, name: nameof(stride));
        Padding = Require.InRange(padding, 0, name: nameof(padding));
        weight = Own((initialWeights ?? InitialWeights.KaimingUniform)(shape, generator));
        bias = hasBias ? Own(InitialWeights.Bias(shape, generator)) : null;
        RegisterComponents();
    }

    /// <summary>Distance of neighbouring outputs at the input.</summary>
    public int Stride { get; }

    /// <summary>Zeros added at every border.</summary>
    public int Padding { get; }

    /// <inheritdoc/>
    public override Parameter Weight => weight;

    /// <inheritdoc/>
    public override Parameter? Bias => bias;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Convolve(input, weight, bias);

    /// <summary>The same convolution with other weights.</summary>
    internal Tensor Convolve(Tensor input, Tensor otherWeight, Tensor? otherBias)
        => nn.functional.conv2d(input, otherWeight, otherBias, [Stride, Stride], [Padding, Padding], [1, 1], 1);

    internal override void ConvertTo(Device device, ScalarType type)
    {
        weight = Converted(nameof(weight), weight, device, type);
        bias = bias is null ? null : Converted(nameof(bias), bias, device, type);
    }
}
