namespace RobustAttribution.Metrics;

/// <summary>
/// How similar the maps of *different* images are, by one measure: what a similarity under attack is worth is seen beside it.
/// </summary>
/// <param name="SameClass">Maps of two images with the same predicted class.</param>
/// <param name="OtherClass">Maps of two images with different predicted classes.</param>
/// <param name="Lift">Of the similarity under attack over <paramref name="SameClass"/>; null for measures whose ideal is not 1.</param>
public sealed record OtherImages(MeanSimilarity SameClass, MeanSimilarity OtherClass, Lift? Lift);
