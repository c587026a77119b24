using RobustAttribution.Networks;

namespace RobustAttribution.Training;

/// <summary>Keeps the best epoch so far, and its weights where the options may restore them.</summary>
internal sealed class BestEpoch(TrainingOptions options, bool hasValidation) : IDisposable
{
    private readonly bool keepsWeights = options.EarlyStopping?.RestoreBest == true || options.OnCancellation == CancellationBehavior.KeepBest;
    private readonly ValidationMetric metric = options.EarlyStopping?.Metric ?? ValidationMetric.Loss;

    /// <summary>Its weights; null where they are not kept.</summary>
    public WeightSnapshot? Weights { get; private set; }

    /// <summary>The best value of the metric; NaN before the first epoch.</summary>
    public double Value { get; private set; } = double.NaN;

    /// <summary>Epochs since then.</summary>
    public int EpochsWithoutImprovement { get; private set; }

    /// <summary>Whether early stopping must end the training.</summary>
    public bool IsPatienceSpent => options.EarlyStopping is not null && EpochsWithoutImprovement >= options.EarlyStopping.Patience;

    /// <summary>Whether an epoch with these numbers is the best so far. A loss that is not finite never is.</summary>
    public bool IsBetter(double loss, double accuracy)
    {
        double minimum = options.EarlyStopping?.MinimumDelta ?? 0;
        double value = metric == ValidationMetric.Loss ? loss : accuracy;
        return double.IsFinite(value)
            && (double.IsNaN(Value) || (metric == ValidationMetric.Loss ? value < Value - minimum : value > Value + minimum));
    }

    /// <summary>Records a finished epoch. Without a validation set the latest is the best.</summary>
    public void Add(ImageNetwork network, int epoch, ValidationProgress? validated)
    {
        if (hasValidation && validated?.IsBest != true)
        {
            EpochsWithoutImprovement++;
            return;
        }

        EpochsWithoutImprovement = 0;
        Value = validated is null ? double.NaN : metric == ValidationMetric.Loss ? validated.Loss : validated.Accuracy;
        if (keepsWeights)
        {
            Weights?.Dispose();
            Weights = new WeightSnapshot(WeightSnapshot.Of(network), epoch);
        }
    }

    /// <summary>Restores the state of an interrupted run.</summary>
    public void Resume(double value, int epochsWithoutImprovement, WeightSnapshot? weights)
        => (Value, EpochsWithoutImprovement, Weights) = (value, epochsWithoutImprovement, weights);

    /// <summary>Gives the network the best weights if the options ask for it at this end.</summary>
    /// <returns>The epoch, from 1, whose weights the network has now; null if nothing was changed.</returns>
    public int? RestoreInto(ImageNetwork network, TrainingEnd end)
    {
        bool wanted = end == TrainingEnd.Cancelled
            ? options.OnCancellation == CancellationBehavior.KeepBest
            : options.EarlyStopping?.RestoreBest == true;
        if (!wanted || Weights is null)
        {
            return null;
        }

        Weights.Restore(network);
        return Weights.Epoch;
    }

    public void Dispose() => Weights?.Dispose();
}
