namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>The answer to one image.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Width">Of the image, upright, in pixels; the PNG files have its size.</param>
/// <param name="Height">Of the image.</param>
/// <param name="Label">The class of the largest probability.</param>
/// <param name="Classes">All classes, the likeliest first.</param>
/// <param name="Stability">How much of the map stays under a little noise.</param>
/// <param name="Overlay">The map over the image, a PNG file.</param>
/// <param name="HeatMap">The map alone, a PNG file.</param>
internal sealed record Explanation(
    string Name, int Width, int Height, string Label, IReadOnlyList<ClassProbability> Classes, Stability Stability, byte[] Overlay, byte[] HeatMap);

/// <summary>A class and its probability.</summary>
internal sealed record ClassProbability(string Name, float Probability);

/// <summary>Spearman's rank correlation between the image's map and those of noisy copies: 1 for the same order of pixels, about 0 for another map.</summary>
/// <param name="Mean">Over the draws; null where a map is constant.</param>
/// <param name="Lowest">Of the draws.</param>
/// <param name="Draws">How many.</param>
/// <param name="NoiseLevels">The largest change of a pixel, in grey levels of 255.</param>
internal sealed record Stability(double? Mean, double? Lowest, int Draws, int NoiseLevels);
