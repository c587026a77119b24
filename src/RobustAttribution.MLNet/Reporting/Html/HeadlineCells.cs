using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The cells of a row of the headline table: a number of each model with its interval, and which model is the best.</summary>
internal static class HeadlineCells
{
    private const int WhiskerWidth = 120;
    private const int WhiskerHeight = 9;
    private const double SmallScale = 0.2;

    /// <summary>One cell for each model.</summary>
    public static IEnumerable<string> Of(ReportedNumber metric, IReadOnlyList<ReportedModel> models)
    {
        ReportedNumber?[] numbers = [.. models.Select(model => model.Numbers.FirstOrDefault(
            number => number.Name == metric.Name && number.Group == metric.Group && !double.IsNaN(number.Value)))];
        ReportedNumber? best = Best(metric, [.. numbers.OfType<ReportedNumber>()]);
        (double Low, double High) scale = Scale(metric.HigherIsBetter, numbers.OfType<ReportedNumber>());
        return numbers.Select(number =>
        {
            if (number is null)
            {
                return "<td>–</td>";
            }

            string text = ReportTexts.Number(number.Value), uncertainty = Uncertainty(number, scale);
            return models.Count > 1 && best is not null && number.Value == best.Value && !number.IsReference
                ? $"<td class=\"best\"><strong>{text}</strong> ★{uncertainty}</td>"
                : $"<td>{text}{uncertainty}</td>";
        });
    }

    /// <summary>What the cells' signs mean.</summary>
    public static string Note(IReadOnlyList<ReportedModel> models)
    {
        ReportedNumber[] numbers = [.. models.SelectMany(model => model.Numbers)];
        string note = numbers.Any(number => number.Interval is not null)
            ? " In brackets and drawn as a line: the 95 % interval over the images."
            : " ± is the standard error of the mean over images.";
        return models.Count == 1
            ? note
            : note + (numbers.Any(number => number.Values.Count > 0)
                ? " ★ marks the best value of a row where it is the best beyond chance: the 95 % interval of its difference from every other model,"
                    + " image by image, excludes 0."
                : " The best value of each row is bold and marked ★.");
    }

    /// <summary>The best number; null where the images leave open which it is. Numbers without intervals are taken as they are.</summary>
    private static ReportedNumber? Best(ReportedNumber metric, ReportedNumber[] numbers)
    {
        ReportedNumber? best = metric.HigherIsBetter ? numbers.MaxBy(number => number.Value) : numbers.MinBy(number => number.Value);
        return best is null || best.Interval is null
            || numbers.All(other => ReferenceEquals(other, best) || IsBetterBeyondChance(best, other)) ? best : null;
    }

    private static bool IsBetterBeyondChance(ReportedNumber best, ReportedNumber other)
        => best.Values.Count > 0 && best.Values.Count == other.Values.Count
            && PairedDifference.Of(best.Values, other.Values) is { IsBeyondZero: true, Mean: var mean } && mean > 0 == best.HigherIsBetter;

    private static string Uncertainty(ReportedNumber number, (double Low, double High) scale)
    {
        if (number.Interval is { } interval)
        {
            return double.IsNaN(interval.Low)
                ? string.Empty
                : $"<small>{ReportTexts.Text(interval)}</small>{Whisker(number.Value, interval, scale)}";
        }

        return number.StandardError is { } error && double.IsFinite(error) ? $"<small>± {ReportTexts.Number(error)}</small>" : string.Empty;
    }

    /// <summary>The interval on the scale of its row.</summary>
    private static string Whisker(double value, ConfidenceInterval interval, (double Low, double High) scale)
    {
        string low = X(interval.Low), high = X(interval.High);
        const int Middle = WhiskerHeight / 2;
        return $"<svg width=\"{WhiskerWidth}\" height=\"{WhiskerHeight}\" aria-hidden=\"true\">"
            + $"<line class=\"axis\" x1=\"0\" x2=\"{WhiskerWidth}\" y1=\"{Middle}\" y2=\"{Middle}\"/>"
            + $"<line class=\"range\" x1=\"{low}\" x2=\"{high}\" y1=\"{Middle}\" y2=\"{Middle}\"/>"
            + $"<circle class=\"mean\" cx=\"{X(value)}\" cy=\"{Middle}\" r=\"3\"/></svg>";

        string X(double position) => ChartStyle.Number(3 + ((position - scale.Low) / (scale.High - scale.Low) * (WhiskerWidth - 6)));
    }

    /// <summary>From 0 to 1, or as far as the numbers go; for small errors, of which lower ones are better, no further than they go.</summary>
    private static (double Low, double High) Scale(bool higherIsBetter, IEnumerable<ReportedNumber> numbers)
    {
        double[] ends =
        [
            0, .. numbers.SelectMany(number => new[] { number.Value, number.Interval?.Low ?? number.Value, number.Interval?.High ?? number.Value })
                .Where(double.IsFinite),
        ];
        double high = ends.Max();
        return (ends.Min(), high <= 1 && (higherIsBetter || high > SmallScale || high == 0) ? 1 : high);
    }
}
