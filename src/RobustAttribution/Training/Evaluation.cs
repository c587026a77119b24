using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The result of a network on a whole set of images.</summary>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Accuracy">Share of correct predictions, from 0 to 1.</param>
/// <param name="Count">Images evaluated.</param>
public sealed record EvaluationResult(double Loss, double Accuracy, long Count);

/// <summary>Runs a network over a whole source: batch by batch, in evaluation mode, without derivatives.</summary>
public static class Evaluation
{
    /// <summary>Cross-entropy and accuracy over every image of a source, the last partial batch included.</summary>
    /// <param name="network">Is as before afterwards.</param>
    /// <param name="source">The images, at least one.</param>
    /// <param name="batchSize">Images evaluated at once, at least 1.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="ArgumentException">The source is empty, or its images do not fit the network.</exception>
    public static EvaluationResult Measure(
        ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken = default)
        => Measure(network, source, batchSize, null, cancellationToken);

    /// <summary>As the other overload, and counts the classes.</summary>
    internal static EvaluationResult Measure(
        ImageNetwork network, IImageBatchSource source, int batchSize, Guessing? guessing, CancellationToken cancellationToken)
    {
        using IDisposable mode = Require.NotNull(network, nameof(network)).WithMode(training: false);
        using IDisposable outer = NewDisposeScope();
        Tensor sums = zeros(2, dtype: ScalarType.Float64, device: network.Device); // cross-entropy, correct
        long count = 0;
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using IDisposable scope = NewDisposeScope();
            using IDisposable gradients = no_grad();
            Tensor logits = network.Logits(images);
            Tensor loss = nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum).to(ScalarType.Float64);
            sums.add_(stack([loss, logits.argmax(1).eq(classes).sum().to(ScalarType.Float64)]));
            count += classes.shape[0];
            guessing?.Add(classes);
        }

        double[] values = sums.cpu().data<double>().ToArray();
        return count > 0
            ? new EvaluationResult(values[0] / count, values[1] / count, count)
            : throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));
    }
}
