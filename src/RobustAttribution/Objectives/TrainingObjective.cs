using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// The loss <c>CE(logits, y) + Σ weight · penalty</c>: checks the batch, takes the cross-entropy, adds up, names the terms and cleans up.
/// A method returns its logits and penalties.
/// </summary>
public abstract record TrainingObjective : ITrainingObjective
{
    /// <inheritdoc/>
    public virtual Activation? RecommendedActivation => null;

    /// <inheritdoc/>
    public virtual bool NeedsSecondDerivative(ImageNetwork network) => false;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// The batch does not fit the network, or <paramref name="classWeights"/> is not one weight for each class.
    /// </exception>
    public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        return EvaluateChecked(network, images, classes, generator, classWeights);
    }

    /// <summary>As <see cref="Evaluate"/>, of a batch that was checked already: the check waits for a GPU.</summary>
    /// <param name="network">As there.</param>
    /// <param name="images">As there.</param>
    /// <param name="classes">As there.</param>
    /// <param name="generator">As there.</param>
    /// <param name="classWeights">As there.</param>
    /// <param name="crossEntropyScale">
    /// What the weighted sum of the cross-entropies is multiplied by; null makes it their weighted mean. For one rank's share of a batch.
    /// </param>
    internal ObjectiveResult EvaluateChecked(
        ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights, double? crossEntropyScale = null)
    {
        if (classWeights is not null
            && (classWeights.dim() != 1 || classWeights.shape[0] != network.ClassCount || classWeights.dtype != network.DataType))
        {
            throw new ArgumentException(
                $"classWeights is {classWeights.dtype} [{string.Join(',', classWeights.shape)}];"
                + $" allowed is {network.DataType} [{network.ClassCount}], one weight for each class.",
                nameof(classWeights));
        }

        using IDisposable scope = Scope.Holding(network, images, classes, generator, classWeights);
        using IDisposable mode = enable_grad();
        // Copies, which a graph can keep also where they were made in inference mode.
        TrainingBatch batch = new(network, images.detach().clone(), classes.clone(), generator);
        (Tensor logits, IReadOnlyList<Penalty> penalties) = Measure(batch);
        Tensor crossEntropy = crossEntropyScale is double scale
            ? nn.functional.cross_entropy(logits, batch.Classes, classWeights?.clone(), reduction: nn.Reduction.Sum) * scale
            : nn.functional.cross_entropy(logits, batch.Classes, classWeights?.clone());
        Tensor loss = penalties.Aggregate(crossEntropy, (sum, penalty) => sum + (penalty.Value * penalty.Weight));
        LossTerm[] terms =
            [new("cross-entropy", Constant(crossEntropy)), .. penalties.Select(penalty => new LossTerm(penalty.Name, Constant(penalty.Value)))];
        return new ObjectiveResult(loss.MoveToOuterDisposeScope(), Constant(logits), terms);
    }

    /// <summary>The method itself.</summary>
    /// <param name="batch">What the loss is taken of.</param>
    /// <returns>The logits [N,K] of the cross-entropy, and the penalties of the formula in its order, those of weight 0 left out.</returns>
    protected abstract (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch);

    private static Tensor Constant(Tensor value) => value.detach().MoveToOuterDisposeScope();
}

/// <summary>What a loss is taken of.</summary>
/// <param name="Network">In the mode in which it is trained.</param>
/// <param name="Images">[N,C,H,W] in [0, 1], a constant.</param>
/// <param name="Classes">[N], int64: the true classes.</param>
/// <param name="Generator">Source of every random draw.</param>
public readonly record struct TrainingBatch(ImageNetwork Network, Tensor Images, Tensor Classes, Generator Generator);

/// <summary>A part of a loss beside the cross-entropy.</summary>
/// <param name="Name">As in <see cref="LossTerm.Name"/>.</param>
/// <param name="Weight">What <paramref name="Value"/> is multiplied by in the loss.</param>
/// <param name="Value">A scalar, with its graph.</param>
public readonly record struct Penalty(string Name, double Weight, Tensor Value);
