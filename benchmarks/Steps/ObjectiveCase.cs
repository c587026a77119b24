using RobustAttribution.Objectives;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>An objective of the comparison.</summary>
/// <param name="Name">As <c>--only</c> names it.</param>
/// <param name="Objective">The library's.</param>
/// <param name="Beta">Softplus β of the trained network; null for ReLU.</param>
/// <param name="UsesSgd">SGD with Nesterov's momentum (Singh et al. 2020), else AdamW (Joo et al. 2023).</param>
/// <param name="Clips">Whether gradients are clipped to norm 0.5 (Joo et al. 2023).</param>
internal sealed record ObjectiveCase(string Name, ITrainingObjective Objective, double? Beta, bool UsesSgd, bool Clips)
{
    public const double LearningRate = 1e-3;

    public static IReadOnlyList<ObjectiveCase> All { get; } =
    [
        new("ce", new CrossEntropy(), null, UsesSgd: false, Clips: false),
        new("pgd", new AdversarialCrossEntropy(), null, UsesSgd: true, Clips: false),
        new("hessian", new HessianNormPenalty(), 3, UsesSgd: false, Clips: true),
        new("aga", new LocalGradientAlignment(), 3, UsesSgd: false, Clips: true),
        new("aga-attached", new LocalGradientAlignment { AttachSourceGradient = true }, 3, UsesSgd: false, Clips: true),
        new("art", new SpatialAlignment(), null, UsesSgd: true, Clips: false),
    ];

    public static ObjectiveCase Of(string name) => All.Single(objective => objective.Name == name);
}
