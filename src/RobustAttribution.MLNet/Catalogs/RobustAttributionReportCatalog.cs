using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Reporting;

namespace Microsoft.ML;

/// <summary>Reports about the robustness of trained models' explanations.</summary>
public static class RobustAttributionReportCatalog
{
    /// <summary>Attacks and measures a trained model and makes a page of what came of it.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">A fitted or loaded model with <c>RobustImageClassification</c> in it.</param>
    /// <param name="data">Images with labels, as the model takes them.</param>
    /// <param name="options">What to measure and show; the defaults where null.</param>
    /// <returns>The report; <see cref="RobustAttribution.MLNet.RobustnessReport.Save"/> writes it.</returns>
    public static RobustnessReport RobustnessReport(this MulticlassClassificationCatalog catalog, ITransformer model, IDataView data, RobustnessReportOptions? options = null)
        => RobustnessReport(catalog, [("model", model)], data, options);

    /// <summary>Attacks and measures trained models on the same images and makes a page that compares them.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">Fitted or loaded models with <c>RobustImageClassification</c> in them, and what the report calls each; names must be unique.</param>
    /// <param name="data">Images with labels, as the models take them.</param>
    /// <param name="options">What to measure and show; the defaults where null.</param>
    /// <returns>The report; <see cref="RobustAttribution.MLNet.RobustnessReport.Save"/> writes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit a model; the message names it.</exception>
    /// <exception cref="ArgumentException">There is no model or no row with image and label, or an option does not fit the images.</exception>
    public static RobustnessReport RobustnessReport(
        this MulticlassClassificationCatalog catalog, IReadOnlyList<(string Name, ITransformer Model)> models, IDataView data, RobustnessReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(data);
        return RobustnessReporter.Create(CatalogEnvironment.Of(catalog), models, data, options ?? new RobustnessReportOptions());
    }
}
