namespace RobustAttribution.Training;

/// <summary>
/// What the seeds derived from <see cref="TrainingOptions.Seed"/> are for. The numbers are part of what makes a training repeatable.
/// </summary>
internal static class RandomPurpose
{
    public const int Order = 0;
    public const int Augmentation = 1;
    public const int Objective = 2;
}
