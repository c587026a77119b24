using Microsoft.ML;
using RobustAttribution.MLNet;

namespace RobustAttribution.Benchmarks;

/// <summary>A trained network with the boxes that its gradient maps give.</summary>
internal sealed class LocalizedModel
{
    private static readonly double[] Thresholds = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
    private readonly MLContext context;
    private readonly IDataView located;

    public LocalizedModel(MLContext context, ITransformer model, IDataView test, IDataView validation)
    {
        this.context = context;
        located = Locate(model.Transform(test));
        Metrics = context.MulticlassClassification.EvaluateLocalization(
            located, new LocalizationColumns { KnownClassBoxColumnName = "KnownBox" }, Locate(model.Transform(validation)));
    }

    /// <summary>At the threshold that is best on the validation rows.</summary>
    public LocalizationMetrics Metrics { get; }

    /// <summary>The place of that threshold among the boxes of a row.</summary>
    public int ChosenThreshold => Array.FindIndex(Thresholds, threshold => Math.Abs(threshold - Metrics.Threshold) < 1e-6);

    /// <summary>The first test rows.</summary>
    public IReadOnlyList<LocatedItem> Examples(int count)
        => [.. context.Data.CreateEnumerable<LocatedItem>(context.Data.TakeRows(located, count), reuseRowObject: false, ignoreMissingColumns: true)];

    private IDataView Locate(IDataView scored)
    {
        var pipeline = context.Transforms.Saliency()
            .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { Target = SaliencyTarget.Label(), OutputColumnName = "KnownSaliency" }))
            .Append(context.Transforms.SaliencyLocalization(new SaliencyLocalizationEstimator.Options { Thresholds = Thresholds }))
            .Append(context.Transforms.SaliencyLocalization(new SaliencyLocalizationEstimator.Options { Thresholds = Thresholds, MapColumnName = "KnownSaliency", OutputColumnName = "KnownBox" }));
        return context.Data.Cache(pipeline.Fit(scored).Transform(scored));
    }
}
