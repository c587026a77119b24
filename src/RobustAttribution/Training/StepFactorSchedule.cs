namespace RobustAttribution.Training;

/// <summary>From an epoch on, the learning rate is multiplied by a factor, which replaces the former one.</summary>
/// <param name="Epoch">Epochs done when the factor begins, at least 0.</param>
/// <param name="Factor">The factor, above 0.</param>
public sealed record RateStep(int Epoch, double Factor)
{
    /// <summary>Epochs done when the factor begins, at least 0.</summary>
    public int Epoch { get; init => field = Require.InRange(value, 0); } = Require.InRange(Epoch, 0, name: nameof(Epoch));

    /// <summary>The factor, above 0.</summary>
    public double Factor { get; init => field = Require.Positive(value); } = Require.Positive(Factor, nameof(Factor));
}

/// <summary>A table of factors, ART's schedule: each row replaces the one before.</summary>
/// <param name="Steps">In ascending order of their epochs. ART for CIFAR-10: 0.1 from epoch 50, 0.01 from epoch 80.</param>
public sealed record StepFactorSchedule(IReadOnlyList<RateStep> Steps) : ILearningRateSchedule
{
    /// <summary>In ascending order of their epochs; before the first the factor is 1.</summary>
    public IReadOnlyList<RateStep> Steps { get; init => field = Check(value); } = Check(Steps);

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => Steps.LastOrDefault(step => step.Epoch <= epoch)?.Factor ?? 1;

    private static IReadOnlyList<RateStep> Check(IReadOnlyList<RateStep> steps)
    {
        Require.NotNull(steps, nameof(Steps));
        for (int i = 1; i < steps.Count; i++)
        {
            if (steps[i].Epoch <= steps[i - 1].Epoch)
            {
                throw new ArgumentException($"{nameof(Steps)} goes from epoch {steps[i - 1].Epoch} to epoch {steps[i].Epoch}; epochs must ascend.", nameof(steps));
            }
        }

        return [.. steps];
    }
}
