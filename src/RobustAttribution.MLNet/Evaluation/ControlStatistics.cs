using System.Text.RegularExpressions;
using RobustAttribution.Attributions;

namespace RobustAttribution.MLNet;

/// <summary>What an attribution that knows nothing of the network gets on the attacked images of an evaluation. Immutable.</summary>
public sealed partial record ControlStatistics
{
    internal ControlStatistics(IAttributionMethod method, IReadOnlyDictionary<string, SimilarityStatistics> similarities)
        => (Method, Similarities) = (method, similarities);

    /// <summary>The attribution.</summary>
    public IAttributionMethod Method { get; }

    /// <summary>What it is called in tables, e.g. "edge map".</summary>
    public string Name => Capital().Replace(Method.GetType().Name, match => $" {match.Value}").Trim().ToLowerInvariant();

    /// <summary>One entry for each measure, by the name of its column, in the order asked for.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    internal ControlStatistics Merge(ControlStatistics other) => new(Method, SimilarityStatistics.Merge(Similarities, other.Similarities));

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
