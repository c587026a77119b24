using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>How similar the maps before and after an attack are, by one measure.</summary>
/// <param name="ColumnName">The column with the row's values.</param>
/// <param name="Similarity">The measure; says its direction and ideal value.</param>
/// <param name="Mean">Mean over the rows counted; NaN without any.</param>
/// <param name="StandardError">Standard deviation over √n; NaN for fewer than two rows.</param>
/// <param name="Count">Rows counted: those with a valid attacked copy for which the measure is defined.</param>
/// <param name="PerClass">The same for each class, in the order of the classes.</param>
public sealed record SimilarityStatistics(
    string ColumnName, IMapSimilarity Similarity, double Mean, double StandardError, long Count, IReadOnlyList<ClassStatistics> PerClass);

/// <summary>A measure's values of the rows of one class.</summary>
/// <param name="ClassName">The class: its name, or its number from 1 where it has none.</param>
/// <param name="Mean">Mean over the rows counted; NaN without any.</param>
/// <param name="StandardError">Standard deviation over √n; NaN for fewer than two rows.</param>
/// <param name="Count">Rows counted.</param>
public sealed record ClassStatistics(string ClassName, double Mean, double StandardError, long Count);
