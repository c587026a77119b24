using System.Runtime.InteropServices;
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
        => Measure(network, source, batchSize, Communicator.Single, null, cancellationToken);

    /// <summary>As the other, each rank some of the batches: every one gets the figures that one process gets, to the last bit.</summary>
    /// <remarks>Counts the classes of its own batches, where that is asked for.</remarks>
    /// <exception cref="OperationCanceledException">Cancelled, on any rank.</exception>
    internal static EvaluationResult Measure(
        ImageNetwork network,
        IImageBatchSource source,
        int batchSize,
        ICommunicator communicator,
        Guessing? guessing,
        CancellationToken cancellationToken)
    {
        using IDisposable mode = Require.NotNull(network, nameof(network)).WithMode(training: false);
        using IDisposable outer = NewDisposeScope();
        List<Tensor> sums = []; // [3] for each batch: cross-entropy, correct, images
        bool isCancelled = false;
        try
        {
            MeasureBatches();
        }
        catch (OperationCanceledException) when (communicator.Size > 1)
        {
            isCancelled = true; // the other ranks wait for this one
        }

        double[] own = sums.Count == 0 ? [] : stack(sums).cpu().data<double>().ToArray();
        double[][] found = [.. communicator.Gather(MemoryMarshal.AsBytes<double>([isCancelled ? 1 : 0, .. own]))
            .Select(bytes => MemoryMarshal.Cast<byte, double>(bytes).ToArray())];
        if (Array.Exists(found, values => values[0] > 0))
        {
            throw new OperationCanceledException("The evaluation was cancelled.", cancellationToken);
        }

        double[][] batches = [.. found.SelectMany(values => values.Skip(1).Chunk(3))]; // in the source's order, in which one process adds
        double count = batches.Sum(values => values[2]);
        return count > 0
            ? new EvaluationResult(batches.Sum(values => values[0]) / count, batches.Sum(values => values[1]) / count, (long)count)
            : throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));

        void MeasureBatches()
        {
            int all = checked((int)((Require.NotNull(source, nameof(source)).Count + batchSize - 1) / Require.InRange(batchSize, 1)));
            (long rank, long size) = (communicator.Rank, communicator.Size);
            int first = (int)(all * rank / size), end = (int)(all * (rank + 1) / size);
            bool isLast = rank == size - 1; // whatever the source has
            foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(
                network, source, batchSize, cancellationToken, first, isLast ? null : end - first))
            {
                using IDisposable scope = NewDisposeScope();
                using IDisposable gradients = no_grad();
                Tensor logits = network.Logits(images);
                Tensor loss = nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum).to(ScalarType.Float64);
                Tensor count = full_like(loss, classes.shape[0]);
                guessing?.Add(classes);
                sums.Add(stack([loss, logits.argmax(1).eq(classes).sum().to(ScalarType.Float64), count]).MoveToOuterDisposeScope());
            }
        }
    }
}
