using RobustAttribution.Attacks;

namespace RobustAttribution.Examples.AttackAnExplanation;

/// <summary>The attacks that the command line offers, by name.</summary>
internal static class Attacks
{
    private static readonly Dictionary<string, AttributionAttack> All = new()
    {
        ["top-k"] = new TopKAttack(),
        ["target-map"] = new TargetMapAttack(),
        ["center-of-mass"] = new CenterOfMassAttack(),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The attack with a budget in 1/255 and a number of steps.</summary>
    public static IAttributionAttack Find(string name, int epsilon, int steps)
    {
        AttributionAttack attack = All[name] with { Steps = steps };
        return attack.WithThreatModel(attack.ThreatModel.WithRadius(epsilon / 255.0));
    }
}
