using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Runs a network and writes down its steps, so that something else than the gradient can be sent back through them, step by step.</summary>
internal sealed class LayerTape : ILayerRunner
{
    private readonly List<TapeStep> steps = [];

    /// <summary>The steps in the order of the forward pass.</summary>
    public IReadOnlyList<TapeStep> Steps => steps;

    public Tensor Apply(nn.Module<Tensor, Tensor> layer, Tensor input)
        => layer is LayeredModule layered ? layered.Run(input, this) : Record(new TapeStep(layer, null, [input], layer.call(input)));

    public Tensor Apply(ConvolutionLayer convolution, BatchNormalizationLayer normalization, Tensor input)
        => Record(new TapeStep(convolution, normalization, [input], PlainRunner.Instance.Apply(convolution, normalization, input)));

    public Tensor Add(Tensor left, Tensor right) => Record(new TapeStep(null, null, [left, right], left + right));

    /// <summary>Sends a signal from the output back to the input. Where branches meet, signals add up.</summary>
    /// <param name="output">What the forward pass put out.</param>
    /// <param name="signal">The signal there, of the same shape.</param>
    /// <param name="input">What went into the forward pass.</param>
    /// <param name="back">The signals at a step's inputs, from the signal at its output.</param>
    /// <returns>The signal at the input.</returns>
    /// <exception cref="NotSupportedException">Something happened between two steps that the runner was not told of.</exception>
    public Tensor Backward(Tensor output, Tensor signal, Tensor input, Func<TapeStep, Tensor, IReadOnlyList<Tensor>> back)
    {
        var signals = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance) { [output] = signal };
        foreach (TapeStep step in steps.AsEnumerable().Reverse())
        {
            if (!signals.Remove(step.Output, out Tensor? atOutput))
            {
                continue; // nothing depends on this step
            }

            IReadOnlyList<Tensor> atInputs = back(step, atOutput);
            for (int i = 0; i < atInputs.Count; i++)
            {
                signals[step.Inputs[i]] = signals.TryGetValue(step.Inputs[i], out Tensor? other) ? other + atInputs[i] : atInputs[i];
            }
        }

        return signals.Count == 1 && signals.TryGetValue(input, out Tensor? atInput)
            ? atInput
            : throw new NotSupportedException(
                $"The network computes something that is neither a layer nor a join told to its {nameof(ILayerRunner)}. Make every operation of its {nameof(LayeredModule.Run)} a layer.");
    }

    private Tensor Record(TapeStep step)
    {
        steps.Add(step);
        return step.Output;
    }
}
