namespace RobustAttribution.Training;

/// <summary>What decides which epoch is the best.</summary>
public enum ValidationMetric
{
    /// <summary>Mean cross-entropy over the validation set; lower is better.</summary>
    Loss,

    /// <summary>Share of correct predictions over the validation set; higher is better.</summary>
    Accuracy,
}

/// <summary>Ends a training when its result on the validation set no longer improves.</summary>
public sealed record EarlyStopping
{
    /// <summary>What is watched. The validation loss by default.</summary>
    public ValidationMetric Metric { get; init; } = ValidationMetric.Loss;

    /// <summary>Epochs without improvement that are accepted, at least 1. 5 by default.</summary>
    public int Patience { get; init => field = Require.InRange(value, 1); } = 5;

    /// <summary>The smallest change that counts as an improvement, at least 0. 0 by default.</summary>
    public double MinimumDelta { get; init => field = Require.NonNegative(value); }

    /// <summary>Give the network the weights of its best epoch at the end. True by default.</summary>
    public bool RestoreBest { get; init; } = true;
}
