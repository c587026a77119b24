namespace RobustAttribution.MLNet;

/// <summary>What a <see cref="RobustnessReport"/> says of one model.</summary>
/// <param name="Name">Short and unique within the report.</param>
public sealed record ReportedModel(string Name)
{
    /// <summary>The headline numbers, in the order of the table.</summary>
    public IReadOnlyList<ReportedNumber> Numbers { get; init; } = [];

    /// <summary>Curves over ε, over the share of inserted pixels and the like.</summary>
    public IReadOnlyList<ReportedCurve> Curves { get; init; } = [];

    /// <summary>Per-image values for the histograms: the metric's name, and one value for each image.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<double> Values)> Spreads { get; init; } = [];

    /// <summary>Images for the gallery; the report shows the worst and the best of them.</summary>
    public IReadOnlyList<ReportedExample> Examples { get; init; } = [];

    /// <summary>
    /// Images that the report shows for all models side by side, found by their <see cref="ReportedExample.Id"/>; chosen before anything was
    /// measured.
    /// </summary>
    public IReadOnlyList<ReportedExample> Samples { get; init; } = [];

    /// <summary>What speaks against the numbers of the worst case; empty where nothing does or none was measured.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>How the model was made: objective, network, options, seed, training time.</summary>
    public IReadOnlyList<(string Name, string Value)> Card { get; init; } = [];
}
