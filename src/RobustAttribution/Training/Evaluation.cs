using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>What a network makes of a whole set of images.</summary>
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
    {
        using IDisposable outer = NewDisposeScope();
        Tensor? sums = null; // [2], float64: cross-entropy, correct predictions
        long count = 0;
        foreach ((Tensor logits, Tensor classes) in Batches(network, source, batchSize, cancellationToken))
        {
            using IDisposable scope = NewDisposeScope();
            Tensor loss = nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum).to(ScalarType.Float64);
            Tensor batch = stack([loss, logits.argmax(1).eq(classes).sum().to(ScalarType.Float64)]);
            if (sums is null)
            {
                sums = batch.MoveToOuterDisposeScope();
            }
            else
            {
                sums.add_(batch);
            }

            count += classes.shape[0];
        }

        double[] values = sums?.cpu().data<double>().ToArray()
            ?? throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));
        return new EvaluationResult(values[0] / count, values[1] / count, count);
    }

    /// <summary>The logits of every image of a source, in its own order.</summary>
    /// <param name="network">Is as before afterwards.</param>
    /// <param name="source">The images, at least one.</param>
    /// <param name="batchSize">Images evaluated at once, at least 1.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>Logits [N,K] and true classes [N], both on the CPU and owned by the caller.</returns>
    /// <exception cref="ArgumentException">The source is empty, or its images do not fit the network.</exception>
    internal static (Tensor Logits, Tensor Classes) Logits(
        ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken = default)
    {
        using IDisposable scope = NewDisposeScope();
        List<Tensor> logits = [];
        List<Tensor> classes = [];
        foreach ((Tensor batchLogits, Tensor batchClasses) in Batches(network, source, batchSize, cancellationToken))
        {
            logits.Add(batchLogits.clone());
            classes.Add(batchClasses.clone());
        }

        return logits.Count == 0
            ? throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source))
            : (cat(logits).cpu().MoveToOuterDisposeScope(), cat(classes).cpu().MoveToOuterDisposeScope());
    }

    /// <summary>Logits and classes on the network's device; both are freed when the next batch is asked for.</summary>
    private static IEnumerable<(Tensor Logits, Tensor Classes)> Batches(
        ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken)
    {
        using IDisposable mode = Require.NotNull(network, nameof(network)).WithMode(training: false);
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using Tensor logits = Judge(network, images);
            yield return (logits, classes);
        }
    }

    private static Tensor Judge(ImageNetwork network, Tensor images)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return network.Logits(images).MoveToOuterDisposeScope();
    }
}
