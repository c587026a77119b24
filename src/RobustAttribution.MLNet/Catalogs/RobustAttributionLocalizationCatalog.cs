using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Interop;

namespace Microsoft.ML;

/// <summary>Finding objects by saliency maps alone.</summary>
public static class RobustAttributionLocalizationCatalog
{
    /// <summary>Adds the box of the object that a saliency map shows: smoothing, threshold, largest connected region (Singh et al. 2020).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="outputColumnName">The new column of boxes: left, top, right, bottom in the pixels of the images.</param>
    /// <param name="mapColumnName">The column of maps.</param>
    /// <param name="imageColumnName">The column of images; null takes the maps' own cells.</param>
    /// <param name="threshold">Share of a map's maximum that a cell must reach, from 0 to 1.</param>
    public static SaliencyLocalizationEstimator SaliencyLocalization(
        this TransformsCatalog catalog, string outputColumnName = "PredictedBox", string mapColumnName = "Saliency", string? imageColumnName = "Image", double threshold = 0.2)
        => new(CatalogEnvironment.Of(catalog), new() { OutputColumnName = outputColumnName, MapColumnName = mapColumnName, ImageColumnName = imageColumnName, Thresholds = [threshold] });

    /// <summary>Adds the box of the object that a saliency map shows: smoothing, threshold, largest connected region (Singh et al. 2020).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">How maps become boxes.</param>
    public static SaliencyLocalizationEstimator SaliencyLocalization(this TransformsCatalog catalog, SaliencyLocalizationEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>Says how well the boxes of <c>SaliencyLocalization</c> find the objects.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view with labels, predicted labels, true boxes and predicted boxes.</param>
    /// <param name="columns">Their names; the default ones where null.</param>
    /// <param name="validationData">Other rows, with the same columns, on which the best threshold is chosen; where null the first threshold of the column is taken.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or the validation data have no rows or other thresholds.</exception>
    public static LocalizationMetrics EvaluateLocalization(
        this MulticlassClassificationCatalog catalog, IDataView data, LocalizationColumns? columns = null, IDataView? validationData = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return LocalizationEvaluator.Measure(CatalogEnvironment.Of(catalog), data, columns ?? new(), validationData);
    }
}
