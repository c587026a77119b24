using RobustAttribution.Attacks;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every threat model, with the norm that its ball is measured by.</summary>
internal static class ThreatModelTable
{
    public static IReadOnlyList<(IThreatModel ThreatModel, Func<double[], double> Norm)> Rows { get; } =
    [
        (new LinfBall(), offset => offset.Max(Math.Abs)),
        (new L2Ball(), offset => Math.Sqrt(offset.Sum(value => value * value))),
    ];

    /// <summary>The norm of a threat model's ball.</summary>
    public static Func<double[], double> NormOf(IThreatModel threatModel)
        => Rows.Single(row => row.ThreatModel.GetType() == threatModel.GetType()).Norm;
}
