using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>x·Wᵀ + b, PyTorch's <c>Linear</c>: parameters <c>weight</c> [out,in] and <c>bias</c> [out].</summary>
public sealed class LinearLayer : WeightedLayer
{
    private Parameter weight;
    private Parameter? bias;

    /// <summary>Makes a linear layer.</summary>
    /// <param name="inputSize">Values of the input, at least 1.</param>
    /// <param name="outputSize">Values of the output, at least 1.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    /// <param name="generator">Source of the initial weights, on the CPU; null draws from the global generator, as PyTorch does.</param>
    public LinearLayer(int inputSize, int outputSize, bool hasBias = true, Generator? generator = null)
        : base(nameof(LinearLayer))
    {
        long[] shape = [Require.InRange(outputSize, 1, name: nameof(outputSize)), Require.InRange(inputSize, 1, name: nameof(inputSize))];
        weight = Own(InitialWeights.KaimingUniform(shape, generator));
        bias = hasBias ? Own(InitialWeights.Bias(shape, generator)) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Parameter Weight => weight;

    /// <inheritdoc/>
    public override Parameter? Bias => bias;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.linear(input, weight, bias);

    internal override void ConvertTo(Device device, ScalarType type)
    {
        weight = Converted(nameof(weight), weight, device, type);
        bias = bias is null ? null : Converted(nameof(bias), bias, device, type);
    }
}
