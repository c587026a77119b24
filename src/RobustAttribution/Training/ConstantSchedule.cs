namespace RobustAttribution.Training;

/// <summary>The same learning rate all the time.</summary>
public sealed record ConstantSchedule : ILearningRateSchedule
{
    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => 1;
}
