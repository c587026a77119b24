namespace RobustAttribution.Training;

/// <summary>Falls along half a cosine from 1 to <see cref="Minimum"/> at the end of the training (Loshchilov and Hutter 2017, eq. 5, one cycle).</summary>
public sealed record CosineSchedule : ILearningRateSchedule
{
    /// <summary>The factor at the end, from 0 to 1. 0 by default.</summary>
    public double Minimum { get; init => field = Require.InRange(value, 0, 1); }

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => Minimum + ((1 - Minimum) * (1 + Math.Cos(Math.PI * Math.Min(epoch / epochs, 1))) / 2);
}
