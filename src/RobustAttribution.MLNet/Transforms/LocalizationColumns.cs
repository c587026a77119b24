namespace RobustAttribution.MLNet;

/// <summary>The columns from which <c>EvaluateLocalization</c> computes its metrics, and when a box counts as found.</summary>
public sealed record LocalizationColumns
{
    /// <summary>The key column of true labels. "Label" by default.</summary>
    public string LabelColumnName { get; init => field = Require.NotNull(value); } = "Label";

    /// <summary>The key column of predicted labels. "PredictedLabel" by default.</summary>
    public string PredictedLabelColumnName { get; init => field = Require.NotNull(value); } = "PredictedLabel";

    /// <summary>The column of true boxes: left, top, right, bottom, in the same pixels as the predicted ones. "Box" by default.</summary>
    public string BoxColumnName { get; init => field = Require.NotNull(value); } = "Box";

    /// <summary>The column of predicted boxes that <c>SaliencyLocalization</c> made. "PredictedBox" by default.</summary>
    public string PredictedBoxColumnName { get; init => field = Require.NotNull(value); } = "PredictedBox";

    /// <summary>
    /// Such a column made of maps of the true class (<see cref="SaliencyTarget.Label"/>), with the same thresholds, for ground-truth-known
    /// localisation; null, the default, takes the predicted boxes.
    /// </summary>
    public string? KnownClassBoxColumnName { get; init; }

    /// <summary>Intersection over union from which on a box counts as found, from 0 to 1. 0.5 by default, as Singh et al. 2020.</summary>
    public double MinimumOverlap { get; init => field = Require.InRange(value, 0, 1); } = 0.5;
}
