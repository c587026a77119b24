using System.Globalization;
using System.Net;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>What all charts share: colours that differ for all colour vision (Okabe and Ito 2008), dashes for print, round ticks.</summary>
internal static class ChartStyle
{
    private static readonly string[] Colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"];
    private static readonly string[] Dashes = ["none", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 4"];
    private static readonly double[] StepFactors = [1, 2, 5, 10];

    /// <summary>Of lines that all series are compared with.</summary>
    public const string ReferenceColor = "#7F7F7F";

    public static string Color(int series) => Colors[series % Colors.Length];

    public static string Dash(int series) => Dashes[series % Dashes.Length];

    /// <summary>A number as SVG and people read it: no exponent for ordinary sizes, no trailing zeros.</summary>
    public static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Text between tags or in an attribute.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(VisibleText.Of(text));

    /// <summary>About <paramref name="wanted"/> round numbers that span the range, in steps of 1, 2 or 5 times a power of ten.</summary>
    public static IReadOnlyList<double> Ticks(double low, double high, int wanted = 5)
    {
        if (!(high > low))
        {
            high = low + Math.Max(1e-9, Math.Abs(low) * 0.1) + (low == 0 ? 1 : 0);
        }

        double rough = (high - low) / wanted;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = StepFactors.Select(factor => factor * power).First(candidate => candidate >= rough * 0.999);
        double first = Math.Floor((low / step) + 1e-9) * step;
        int count = (int)Math.Ceiling(((high - first) / step) - 1e-9) + 1;
        return [.. Enumerable.Range(0, count).Select(i => Math.Round(first + (i * step), 12))];
    }
}
