using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>How well boxes made with one threshold find the objects.</summary>
/// <param name="Threshold">Share of a map's maximum, from 0 to 1.</param>
/// <param name="Top1Localization">
/// Share of the rows whose class is predicted right and whose box overlaps the true one enough. From 0 to 1, higher is better; NaN without rows.
/// </param>
/// <param name="KnownClassLocalization">
/// Share of the rows whose box overlaps the true one enough, the class being given ("GT-known"). From 0 to 1, higher is better; NaN without rows.
/// </param>
/// <param name="MeanOverlap">
/// Mean intersection over union of the predicted and the true boxes; a missing box counts 0. From 0 to 1, higher is better; NaN without rows.
/// </param>
public sealed record LocalizationPoint(double Threshold, double Top1Localization, double KnownClassLocalization, double MeanOverlap);

/// <summary>The 95 % intervals of a <see cref="LocalizationPoint"/> over the images; undefined without rows.</summary>
/// <param name="Top1Localization">Of the share (Wilson 1927).</param>
/// <param name="KnownClassLocalization">Of the share (Wilson 1927).</param>
/// <param name="MeanOverlap">Of the mean, by the bootstrap.</param>
public sealed record LocalizationIntervals(
    ConfidenceInterval Top1Localization, ConfidenceInterval KnownClassLocalization, ConfidenceInterval MeanOverlap);
