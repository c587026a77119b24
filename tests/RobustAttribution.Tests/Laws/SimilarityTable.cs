using RobustAttribution.Similarities;
using RobustAttribution.Tests.References;

namespace RobustAttribution.Tests.Laws;

/// <summary>One row of the table: a similarity, what its documentation claims, and its definition.</summary>
/// <param name="Similarity">The similarity, with options that suit maps of 9×10 pixels.</param>
/// <param name="Reference">Its definition in loops.</param>
/// <param name="Symmetric">Exchanging the maps changes nothing.</param>
/// <param name="OwnScale">Multiplying one map by a positive number changes nothing.</param>
/// <param name="CommonScale">Multiplying both maps by one positive number changes nothing.</param>
/// <param name="Increasing">Any increasing function of one map's values changes nothing.</param>
/// <param name="ConstantMap">The value for a constant, non-zero map and itself.</param>
/// <param name="ZeroMap">The value for a zero map and itself.</param>
/// <param name="Lower">The smallest possible value.</param>
public sealed record SimilarityRow(
    IMapSimilarity Similarity, Func<double[,], double[,], double> Reference, bool Symmetric, bool OwnScale, bool CommonScale, bool Increasing,
    double ConstantMap, double ZeroMap, double Lower)
{
    public override string ToString() => Similarity.ToString()!;
}

/// <summary>Every similarity of the library.</summary>
internal static class SimilarityTable
{
    private const double Undefined = double.NaN;

    public static IReadOnlyList<SimilarityRow> Rows { get; } =
    [
        new(new TopKIntersection(20), (a, b) => SimilarityReferences.TopK(a, b, 20), true, true, true, true, 1, 1, 0),
        new(new TopKIntersection(90), (a, b) => SimilarityReferences.TopK(a, b, 90), true, true, true, true, 1, 1, 0),
        new(new KendallTau(), SimilarityReferences.Kendall, true, true, true, true, Undefined, Undefined, -1),
        new(new SpearmanCorrelation(), SimilarityReferences.Spearman, true, true, true, true, Undefined, Undefined, -1),
        new(new PearsonCorrelation(), SimilarityReferences.Pearson, true, true, true, false, Undefined, Undefined, -1),
        new(new CosineSimilarity(), SimilarityReferences.Cosine, true, true, true, false, 1, Undefined, -1),
        new(new MeanSquaredError(), SimilarityReferences.SquaredError, true, false, false, false, 0, 0, 0),
        new(new StructuralSimilarity(), (a, b) => SimilarityReferences.Ssim(a, b, 7, 1.5), true, false, true, false, 1, 1, -1),
        new(new StructuralSimilarity(5, null), (a, b) => SimilarityReferences.Ssim(a, b, 5, null), true, false, true, false, 1, 1, -1),
        new(new LocalitySensitiveTopK(20, 1), (a, b) => SimilarityReferences.LensRecall(a, b, 20, 1), false, true, true, true, 1, 1, 0),
        new(new LocalitySensitiveTopK(12, 2), (a, b) => SimilarityReferences.LensRecall(a, b, 12, 2), false, true, true, true, 1, 1, 0),
        new(new CenterOfMassShift(), SimilarityReferences.CenterShift, true, true, true, false, 0, Undefined, 0),
    ];

    public static IEnumerable<object[]> Cases => Rows.Select(row => new object[] { row });
}
