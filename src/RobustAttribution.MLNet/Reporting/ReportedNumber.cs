namespace RobustAttribution.MLNet.Reporting;

/// <summary>One number of a model in the headline table of a <see cref="RobustnessReport"/>.</summary>
/// <param name="Name">The metric's usual name; equal names of several models share a column.</param>
/// <param name="Value">NaN where it is not known.</param>
/// <param name="HigherIsBetter">The metric's direction.</param>
/// <param name="StandardError">Of the mean, where the value is one; null otherwise.</param>
/// <param name="Meaning">One sentence for someone who meets the metric for the first time.</param>
public sealed record ReportedNumber(string Name, double Value, bool HigherIsBetter, double? StandardError = null, string? Meaning = null);
