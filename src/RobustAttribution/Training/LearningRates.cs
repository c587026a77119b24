using RobustAttribution.Serialization;

namespace RobustAttribution.Training;

/// <summary>
/// How the learning rate changes during a training: a pure function of the position. Immutable records whose properties are their options.
/// </summary>
[ComponentFamily]
public interface ILearningRateSchedule
{
    /// <summary>What the learning rate is multiplied by.</summary>
    /// <param name="epoch">Epochs done, with the share of the running one: 2.5 is the middle of the third.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    double Factor(double epoch, int epochs);
}

/// <summary>The same learning rate all the time.</summary>
public sealed record ConstantSchedule : ILearningRateSchedule
{
    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => 1;
}

/// <summary>Multiplies the learning rate by <see cref="Gamma"/> at each milestone (as torch.optim's MultiStepLR), AGA's schedule.</summary>
public sealed record MultiStepSchedule(IReadOnlyList<int> Milestones) : ILearningRateSchedule
{
    /// <summary>Epochs done when the rate falls, each at least 0. AGA: 100 and 150 for CIFAR-10; 40, 60 and 80 for ImageNet-100.</summary>
    public IReadOnlyList<int> Milestones { get; init => field = Check(value); } = Check(Milestones);

    /// <summary>Factor at each milestone, above 0. 0.1 by default (AGA).</summary>
    public double Gamma { get; init => field = Require.Positive(value); } = 0.1;

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => Math.Pow(Gamma, Milestones.Count(milestone => milestone <= epoch));

    private static IReadOnlyList<int> Check(IReadOnlyList<int> milestones)
        => [.. Require.NotNull(milestones, nameof(Milestones)).Select(milestone => Require.InRange(milestone, 0, name: nameof(Milestones)))];
}

/// <summary>From an epoch on, the learning rate is multiplied by a factor, which replaces the former one.</summary>
public sealed record RateStep(int Epoch, double Factor)
{
    /// <summary>Epochs done when the factor begins, at least 0.</summary>
    public int Epoch { get; init => field = Require.InRange(value, 0); } = Require.InRange(Epoch, 0, name: nameof(Epoch));

    /// <summary>The factor, above 0.</summary>
    public double Factor { get; init => field = Require.Positive(value); } = Require.Positive(Factor, nameof(Factor));
}

/// <summary>A table of factors, ART's schedule: each row replaces the one before.</summary>
public sealed record StepFactorSchedule(IReadOnlyList<RateStep> Steps) : ILearningRateSchedule
{
    /// <summary>
    /// The steps in ascending order of their epochs; before the first, the factor is 1. ART for CIFAR-10: 0.1 from epoch 50, 0.01 from epoch 80.
    /// </summary>
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
                throw new ArgumentException(
                    $"{nameof(Steps)} goes from epoch {steps[i - 1].Epoch} to epoch {steps[i].Epoch}; epochs must ascend.", nameof(steps));
            }
        }

        return [.. steps];
    }
}

/// <summary>
/// Falls along half a cosine from 1 to <see cref="Minimum"/> at the end of the training (Loshchilov and Hutter 2017, eq. 5, one cycle).
/// </summary>
public sealed record CosineSchedule : ILearningRateSchedule
{
    /// <summary>The factor at the end, from 0 to 1. 0 by default.</summary>
    public double Minimum { get; init => field = Require.InRange(value, 0, 1); }

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => Minimum + ((1 - Minimum) * (1 + Math.Cos(Math.PI * Math.Min(epoch / epochs, 1))) / 2);
}

/// <summary>
/// Lets the factor of another schedule grow linearly from a small share to the whole during the first epochs (Goyal et al. 2017, section 2.2).
/// </summary>
public sealed record LinearWarmup(double Epochs) : ILearningRateSchedule
{
    /// <summary>Length of the warm-up in epochs, above 0; parts of an epoch are allowed.</summary>
    public double Epochs { get; init => field = Require.Positive(value); } = Require.Positive(Epochs, nameof(Epochs));

    /// <summary>The share at the very first step, from 0 to 1. 0.1 by default.</summary>
    public double StartFactor { get; init => field = Require.InRange(value, 0, 1); } = 0.1;

    /// <summary>The schedule that is warmed up. Constant by default.</summary>
    public ILearningRateSchedule Then { get; init => field = Require.NotNull(value); } = new ConstantSchedule();

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs)
        => Then.Factor(epoch, epochs) * (StartFactor + ((1 - StartFactor) * Math.Min(epoch / Epochs, 1)));
}
