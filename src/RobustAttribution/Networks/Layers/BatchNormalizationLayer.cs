using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// Batch normalisation of [N,C,H,W] over N, H and W, PyTorch's <c>BatchNorm2d</c>: parameters <c>weight</c>, <c>bias</c> [C] and buffers <c>running_mean</c>,
/// <c>running_var</c> [C], <c>num_batches_tracked</c> (a scalar). ε is 1e-5, the momentum of the running statistics 0.1.
/// </summary>
public sealed class BatchNormalizationLayer : WeightedLayer
{
    /// <summary>Added to the variance under the square root: PyTorch's default.</summary>
    public const double Epsilon = 1e-5;

    /// <summary>Share of the new batch in the running statistics: PyTorch's default.</summary>
    public const double Momentum = 0.1;

    private Parameter weight;
    private Parameter bias;
    private Tensor running_mean;
    private Tensor running_var;
    private Tensor num_batches_tracked;

    /// <summary>Makes a layer for <paramref name="channels"/> channels that starts as the identity: weight 1, bias 0, mean 0, variance 1.</summary>
    public BatchNormalizationLayer(int channels)
        : base(nameof(BatchNormalizationLayer))
    {
        long[] shape = [Require.InRange(channels, 1)];
        weight = Own(ones(shape, ScalarType.Float32, CPU));
        bias = Own(zeros(shape, ScalarType.Float32, CPU));
        running_mean = zeros(shape, ScalarType.Float32, CPU).DetachFromDisposeScope();
        running_var = ones(shape, ScalarType.Float32, CPU).DetachFromDisposeScope();
        num_batches_tracked = zeros([], ScalarType.Int64, CPU).DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Parameter Weight => weight;

    /// <inheritdoc/>
    public override Parameter Bias => bias;

    /// <summary>Normalises by the batch in training mode (and updates the running statistics), by the running statistics in evaluation mode.</summary>
    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            num_batches_tracked.add_(1);
        }

        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, Momentum, Epsilon);
    }

    /// <summary>What the layer multiplies each channel by in evaluation mode, and what it adds: γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), both [C].</summary>
    internal (Tensor Scale, Tensor Shift) InferenceCoefficients()
    {
        Tensor scale = weight / (running_var + Epsilon).sqrt();
        return (scale, bias - (running_mean * scale));
    }

    internal override void ConvertTo(Device device, ScalarType type)
    {
        weight = Converted(nameof(weight), weight, device, type);
        bias = Converted(nameof(bias), bias, device, type);
        running_mean = ConvertedBuffer(nameof(running_mean), running_mean, device, type);
        running_var = ConvertedBuffer(nameof(running_var), running_var, device, type);
        num_batches_tracked = ConvertedBuffer(nameof(num_batches_tracked), num_batches_tracked, device, ScalarType.Int64);
    }
}
