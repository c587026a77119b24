namespace RobustAttribution.Training;

/// <summary>Multiplies the learning rate by <see cref="Gamma"/> at each milestone (as torch.optim's MultiStepLR), AGA's schedule.</summary>
/// <param name="Milestones">Epochs done when the rate falls, each at least 0. AGA: 100 and 150 for CIFAR-10; 40, 60 and 80 for ImageNet-100.</param>
public sealed record MultiStepSchedule(IReadOnlyList<int> Milestones) : ILearningRateSchedule
{
    /// <summary>Epochs done when the rate falls, each at least 0.</summary>
    public IReadOnlyList<int> Milestones { get; init => field = Check(value); } = Check(Milestones);

    /// <summary>Factor at each milestone, above 0. 0.1 by default (AGA).</summary>
    public double Gamma { get; init => field = Require.Positive(value); } = 0.1;

    /// <inheritdoc/>
    public double Factor(double epoch, int epochs) => Math.Pow(Gamma, Milestones.Count(milestone => milestone <= epoch));

    private static IReadOnlyList<int> Check(IReadOnlyList<int> milestones)
        => [.. Require.NotNull(milestones, nameof(Milestones)).Select(milestone => Require.InRange(milestone, 0, name: nameof(Milestones)))];
}
