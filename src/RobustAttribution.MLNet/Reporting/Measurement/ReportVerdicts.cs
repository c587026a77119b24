using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>
/// What came out, in one sentence for each model: by the first measure, in the worst case where that was measured, else under the first attack.
/// </summary>
internal static class ReportVerdicts
{
    /// <summary>How the group of a number begins that was measured under an attack.</summary>
    public const string Under = "Maps under";

    /// <summary>The name of the share of right answers.</summary>
    public const string Accuracy = "Accuracy";

    /// <summary>The same of the worst case.</summary>
    public const string WorstCase = "Maps in the worst case";

    private const double Reliable = 0.5;

    /// <param name="models">The models; the others are compared with the first.</param>
    /// <param name="others">Of each model: how similar maps of different images are by that measure.</param>
    /// <param name="options">What was measured.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<ReportedModel> models, IReadOnlyList<OtherImages> others, RobustnessReportOptions options)
    {
        IMapSimilarity measure = options.Similarities[0];
        bool isWorstCase = models[0].Numbers.Any(number => number.Name == measure.Name && Is(number, WorstCase));
        string attack = isWorstCase ? "worst case of many attacks" : ReportTexts.Name(options.Attacks[0]);
        return [.. models.Select((model, i) => (i == 0 ? Alone(model, others[i]) : Compared(model, models[0])) + Doubts(model, others[i]))];

        // What makes a map that holds worth little: wrong answers, and maps that are no image's own.
        string Doubts(ReportedModel model, OtherImages others)
        {
            double accuracy = model.Numbers.First(number => number.Name == Accuracy).Value;
            string answers = accuracy < Reliable ? $" But only {RobustnessReport.Percent(accuracy)} of its answers are right." : string.Empty;
            string alike = Lift(model) is { Interval: { } interval } && interval.Low <= 0
                ? " After the attack they are not reliably more alike than the maps of different images."
                : string.Empty;
            return answers + alike + (others.InCommon is { } common ? $" But {common}." : string.Empty);
        }

        string Alone(ReportedModel model, OtherImages others)
        {
            ReportedNumber kept = Number(model);
            if (double.IsNaN(kept.Value))
            {
                return $"{model.Name}: the {attack} found no copy with the same answer, so that nothing was measured.";
            }

            string found = $"{model.Name}: {(isWorstCase ? "in" : "under")} the {attack} its maps keep {Article(measure)}"
                + $" of {Text(kept.Value, kept.Interval)}";
            return Lift(model) is { } lift
                ? $"{found}; maps of different images of one class have {ReportTexts.Number(others.SameClass.Mean)},"
                    + $" so that the lift is {Text(lift.Value, lift.Interval)}."
                : $"{found}.";
        }

        string Compared(ReportedModel model, ReportedModel first)
        {
            PairedDifference difference = PairedDifference.Of(Number(model).Values, Number(first).Values);
            string numbers = $"{measure.Name} {ReportTexts.Signed(difference.Mean)} {ReportTexts.Text(difference.Interval)}"
                + $" on the same {difference.Count} images";
            return difference.Count == 0
                ? $"{model.Name} and {first.Name} have no image in common on which the {attack} found a copy with the same answer."
                : !difference.IsBeyondZero
                    ? $"{model.Name}'s maps hold neither better nor worse than {first.Name}'s beyond chance: {numbers}."
                    : $"{model.Name}'s maps hold {(difference.Mean > 0 == measure.HigherIsMoreSimilar ? "better" : "worse")}"
                        + $" than {first.Name}'s: {numbers}.";
        }

        ReportedNumber Number(ReportedModel model) => model.Numbers.First(number => number.Name == measure.Name && IsDecisive(number));

        ReportedNumber? Lift(ReportedModel model)
            => model.Numbers.FirstOrDefault(number => number.Name == $"Lift of {measure.Name}" && IsDecisive(number));

        bool IsDecisive(ReportedNumber number) => Is(number, isWorstCase ? WorstCase : Under);
    }

    private static bool Is(ReportedNumber number, string group) => number.Group!.StartsWith(group, StringComparison.Ordinal);

    private static string Article(IMapSimilarity measure)
        => $"{("AEIOU".Contains(measure.Name[0], StringComparison.Ordinal) ? "an" : "a")} {measure.Name}";

    private static string Text(double value, ConfidenceInterval? interval)
        => interval is { } known && !double.IsNaN(known.Low) ? $"{ReportTexts.Number(value)} {ReportTexts.Text(known)}" : ReportTexts.Number(value);
}
