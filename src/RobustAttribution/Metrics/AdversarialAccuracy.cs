using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>Accuracy of the prediction, as it is and under attack.</summary>
/// <param name="Clean">Share of pictures that are classified correctly, from 0 to 1.</param>
/// <param name="Attacked">Share of pictures that are classified correctly both as they are and attacked; never above <paramref name="Clean"/>.</param>
/// <param name="Count">Pictures judged.</param>
public sealed record AccuracyUnderAttack(double Clean, double Attacked, long Count);

/// <summary>Measures how much accuracy is left when the prediction is attacked (PGD accuracy).</summary>
public sealed record AdversarialAccuracy
{
    /// <summary>The attack on the prediction. <see cref="ProjectedGradientDescent"/> with 40 steps of 2/255 at ε = 8/255 by default (ART's check during training).</summary>
    public IAttributionAttack Attack { get; init => field = Require.NotNull(value); } = new ProjectedGradientDescent { Steps = 40 };

    /// <summary>Measures a whole source.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="source">Pictures and true classes, at least one.</param>
    /// <param name="batchSize">Pictures attacked at once, at least 1.</param>
    /// <param name="generator">Source of the attack's draws, on the network's device.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="ArgumentException">The source is empty, or does not fit the network.</exception>
    public AccuracyUnderAttack Measure(ImageNetwork network, IImageBatchSource source, int batchSize, Generator generator, CancellationToken cancellationToken = default)
    {
        Require.NotNull(network, nameof(network));
        Require.NotNull(generator, nameof(generator));
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        Tensor counts = zeros(2, dtype: ScalarType.Int64, device: network.Device); // correct as it is, correct attacked
        long total = 0;
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using IDisposable step = NewDisposeScope();
            using AttackResult attacked = Attack.Perturb(network, images, classes, generator);
            Tensor clean = Correct(network, images, classes);
            counts.add_(stack([clean.sum(), clean.logical_and(Correct(network, attacked.Images, classes)).sum()]));
            total += classes.shape[0];
        }

        long[] values = counts.cpu().data<long>().ToArray();
        return total > 0
            ? new AccuracyUnderAttack((double)values[0] / total, (double)values[1] / total, total)
            : throw new ArgumentException("The source has no picture; there is nothing to measure.", nameof(source));
    }

    /// <summary>[N], bool.</summary>
    internal static Tensor Correct(ImageNetwork network, Tensor images, Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return network.Logits(images).argmax(1).eq(classes).MoveToOuterDisposeScope();
    }
}
