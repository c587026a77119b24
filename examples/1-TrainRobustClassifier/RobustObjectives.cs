using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The robust trainings the demo can show, each with the activation its paper trains with.</summary>
internal static class RobustObjectives
{
    private static readonly Dictionary<string, (string Title, TrainingObjective Objective)> All = new()
    {
        ["aga"] = ("AGA", new LocalGradientAlignment()),
        ["art"] = ("ART", new SpatialAlignment()),
        ["pgd"] = ("PGD-7", new AdversarialCrossEntropy()),
        ["hessian"] = ("Hessian", new HessianNormPenalty()),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static Contestant Find(string name)
    {
        (string title, TrainingObjective objective) = All[name];
        return new Contestant(title, objective, objective.RecommendedActivation ?? Activation.Relu);
    }
}

/// <summary>One training of the comparison.</summary>
internal sealed record Contestant(string Name, ITrainingObjective Objective, Activation Activation)
{
    public static Contestant Plain { get; } = new("cross-entropy", new CrossEntropy(), Activation.Relu);
}
