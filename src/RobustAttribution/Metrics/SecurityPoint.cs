using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>What an attacker with one budget achieves.</summary>
/// <param name="Radius">ε in pixel units.</param>
/// <param name="Accuracy">
/// Share of images that are classified correctly both as they are and after the attack on the prediction, from 0 to 1.
/// </param>
/// <param name="Count">Images attacked.</param>
/// <param name="Valid">
/// Images for which the attack on the explanation found one that keeps the prediction; the others count in no similarity.
/// </param>
/// <param name="Similarities">How similar the maps before and after the attack on the explanation are, by each measure.</param>
public sealed record SecurityPoint(double Radius, double Accuracy, long Count, long Valid, IReadOnlyList<MeanSimilarity> Similarities);

/// <summary>The mean of a measure over images.</summary>
/// <param name="Similarity">The measure, with its direction and ideal value.</param>
/// <param name="Mean">Mean over the images counted; NaN without any.</param>
/// <param name="StandardError">Standard deviation over √n; NaN for fewer than two images.</param>
/// <param name="Count">Images counted: valid ones for which the measure is defined.</param>
public sealed record MeanSimilarity(IMapSimilarity Similarity, double Mean, double StandardError, long Count);
