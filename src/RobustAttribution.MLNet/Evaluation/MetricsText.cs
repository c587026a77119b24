using System.Globalization;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>How the tables of all metrics write a number.</summary>
internal static class MetricsText
{
    /// <summary>Four decimals; "–" where the number is undefined, as every mean of no rows is.</summary>
    public static string Of(double value) => double.IsFinite(value) ? value.ToString("F4", CultureInfo.InvariantCulture) : "–";
}
