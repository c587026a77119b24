using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The robust trainings the demo can show, all on the network without kinks.</summary>
internal static class RobustObjectives
{
    // AdvAAT with the weight that the board chose. AGA with weights that are felt, and ε for few epochs: with the board's 16/255 these four end in
    // maps that are alike for all images.
    private static readonly Dictionary<string, (string Title, TrainingObjective Objective)> All = new()
    {
        ["advaat"] = ("AdvAAT", new AdversarialAttributionTraining
        {
            Weight = 15, Attack = new() { Steps = 3, Step = new SteepestStep(4.0 / 255), Attribution = new InputGradient() },
        }),
        ["aga"] = ("AGA", new LocalGradientAlignment { Epsilon = 8.0 / 255, L2Weight = 0, CosineWeight = 150 }),
        ["art"] = ("ART", new SpatialAlignment()),
        ["pgd"] = ("PGD-7", new AdversarialCrossEntropy()),
        ["hessian"] = ("Hessian", new HessianNormPenalty()),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static Contestant Find(string name) => Contestant.PlainWithoutKinks with { Name = $"{All[name].Title}, no kinks", Objective = All[name].Objective };
}

/// <summary>One training of the comparison.</summary>
internal sealed record Contestant(string Name, ITrainingObjective Objective, Activation Activation, Pooling Pooling)
{
    /// <summary>The ordinary network, trained as usual.</summary>
    public static Contestant Plain { get; } = new("cross-entropy", new CrossEntropy(), Activation.Relu, Pooling.Max);

    /// <summary>The same training of a network whose gradient has no jumps: a smooth activation, and averages in place of maxima.</summary>
    public static Contestant PlainWithoutKinks { get; } = new("cross-entropy, no kinks", new CrossEntropy(), Activation.Softplus(3), Pooling.Average);

    /// <summary>What the network is made of, in words.</summary>
    public string Network => $"{Activation}, {(Pooling == Pooling.Max ? "max" : "average")}-pooling";
}
