namespace RobustAttribution.Similarities;

/// <summary>Every similarity of the library with its default options.</summary>
public static class KnownSimilarities
{
    /// <summary>Share of common pixels among the 100 most salient.</summary>
    public static TopKIntersection TopKIntersection { get; } = new();

    /// <summary>Agreement of the order of all pixels.</summary>
    public static KendallTau KendallTau { get; } = new();

    /// <summary>Correlation of the pixels' ranks.</summary>
    public static SpearmanCorrelation SpearmanCorrelation { get; } = new();

    /// <summary>Correlation of the pixels' values.</summary>
    public static PearsonCorrelation PearsonCorrelation { get; } = new();

    /// <summary>Angle between the maps.</summary>
    public static CosineSimilarity CosineSimilarity { get; } = new();

    /// <summary>Mean squared difference.</summary>
    public static MeanSquaredError MeanSquaredError { get; } = new();

    /// <summary>SSIM with a Gaussian window.</summary>
    public static StructuralSimilarity StructuralSimilarity { get; } = new();

    /// <summary>Top-100 intersection that forgives shifts by one pixel.</summary>
    public static LocalitySensitiveTopK LocalitySensitiveTopK { get; } = new();

    /// <summary>Distance of the centres of mass in pixels.</summary>
    public static CenterOfMassShift CenterOfMassShift { get; } = new();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<IMapSimilarity> All { get; } =
    [
        TopKIntersection, KendallTau, SpearmanCorrelation, PearsonCorrelation, CosineSimilarity, MeanSquaredError, StructuralSimilarity,
        LocalitySensitiveTopK, CenterOfMassShift,
    ];
}
