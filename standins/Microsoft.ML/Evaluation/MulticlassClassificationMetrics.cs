namespace Microsoft.ML.Data;

/// <summary>How well scores and labels of a multiclass problem agree.</summary>
public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics(MulticlassCounters counters, int topKPredictionCount, ConfusionMatrix confusionMatrix)
    {
        MicroAccuracy = counters.MicroAccuracy;
        MacroAccuracy = counters.MacroAccuracy;
        LogLoss = counters.LogLoss;
        LogLossReduction = counters.LogLossReduction;
        PerClassLogLoss = Array.AsReadOnly(counters.PerClassLogLoss);
        TopKPredictionCount = topKPredictionCount;
        TopKAccuracyForAllK = topKPredictionCount > 0 ? Array.AsReadOnly(counters.TopKAccuracies(topKPredictionCount)) : null;
        ConfusionMatrix = confusionMatrix;
    }

    /// <summary>Mean of −ln p(true class) over the rows; 0 is perfect.</summary>
    public double LogLoss { get; }

    /// <summary>(H − LogLoss) / H with H the entropy of the label frequencies; 1 is perfect, 0 as good as guessing by frequency.</summary>
    public double LogLossReduction { get; }

    /// <summary>Mean over the classes that occur of the share of their rows predicted right.</summary>
    public double MacroAccuracy { get; }

    /// <summary>Share of the rows predicted right.</summary>
    public double MicroAccuracy { get; }

    /// <summary>Share of the rows whose true class is among the K highest scores; 0 if K was not asked for.</summary>
    public double TopKAccuracy => TopKAccuracyForAllK is { Count: > 0 } all ? all[^1] : 0;

    /// <summary>The K of <see cref="TopKAccuracy"/>; 0 if it was not asked for.</summary>
    public int TopKPredictionCount { get; }

    /// <summary>The top-k accuracies for k = 1…K; null if K was not asked for.</summary>
    public IReadOnlyList<double> TopKAccuracyForAllK { get; }

    /// <summary>Mean of −ln p(class) over the rows of each class; 0 for a class without rows.</summary>
    public IReadOnlyList<double> PerClassLogLoss { get; }

    /// <summary>Counts of true against predicted classes.</summary>
    public ConfusionMatrix ConfusionMatrix { get; }
}
