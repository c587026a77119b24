namespace RobustAttribution.Training;

/// <summary>Lets the factor of another schedule grow linearly from a small share to the whole during the first epochs (Goyal et al. 2017, section 2.2).</summary>
/// <param name="Epochs">Length of the warm-up in epochs, above 0; parts of an epoch are allowed.</param>
public sealed record LinearWarmup(double Epochs) : ILearningRateSchedule
{
    /// <summary>Length of the warm-up in epochs, above 0.</summary>
    public double Epochs { get; init => field = Require.Positive(value); } = Require.Positive(Epochs, nameof(Epochs));

    /// <summary>The share at the very first step, from 0 to 1. 0.1 by default.</summary>
    public double StartFactor { get; init => field = Require.InRange(value, 0, 1); } = 0.1;

    /// <summary>The schedule that is warmed up. Constant by default.</summary>
    public ILearningRateSchedule Then { get; init => field = Require.NotNull(value); } = new ConstantSchedule();

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs)
        => Then.Factor(epoch, epochs) * (StartFactor + ((1 - StartFactor) * Math.Min(epoch / Epochs, 1)));
}
