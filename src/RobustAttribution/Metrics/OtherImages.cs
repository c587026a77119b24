using System.Globalization;
using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>
/// How similar the maps of *different* images are, by one measure: what a similarity under attack is worth is seen beside it.
/// </summary>
/// <param name="SameClass">Maps of two images with the same predicted class.</param>
/// <param name="OtherClass">Maps of two images with different predicted classes.</param>
/// <param name="Lift">Of the similarity under attack over <paramref name="SameClass"/>; null for measures whose ideal is not 1.</param>
public sealed record OtherImages(MeanSimilarity SameClass, MeanSimilarity OtherClass, Lift? Lift)
{
    private const double AlmostEqual = 0.95;
    private const double MuchInCommon = 0.3; // of the top pixels, beyond what two random maps share

    /// <summary>Pixels of a map; 0 where there is none.</summary>
    internal int MapSize { get; init; }

    /// <summary>What is to be said of maps that are alike whatever their image shows; null where they are not known to be.</summary>
    internal string? InCommon
    {
        get
        {
            double similarity = double.IsNaN(OtherClass.Mean) ? SameClass.Mean : OtherClass.Mean;
            double top = SameClass.Similarity is TopKIntersection intersection ? intersection.K : double.NaN;
            double chance = top < MapSize ? top / MapSize : double.NaN; // of two random maps
            double beyondChance = double.IsNaN(chance) ? similarity : (similarity - chance) / (1 - chance);
            bool areOfClasses = !double.IsNaN(OtherClass.Mean) && !double.IsNaN(chance);
            string maps = string.Create(CultureInfo.InvariantCulture, $"maps of different images have a similarity of {similarity:F3}");
            return SameClass.Similarity.Ideal != 1 ? null
                : beyondChance > AlmostEqual ? $"{maps}: they say next to nothing of their image, and no attack can take that away"
                : areOfClasses && beyondChance > MuchInCommon
                    ? string.Create(CultureInfo.InvariantCulture, $"{maps}, two random maps of {chance:F3}: much of each is the same")
                        + " whatever the image shows, and no attack can take that away"
                : null;
        }
    }
}
