using System.Globalization;
using System.Text;
using RobustAttribution.Attacks;
using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>How well maps hold under the worst of many attacks, and what to know before that is believed. Immutable.</summary>
public sealed class WorstCaseMetrics
{
    private WorstCaseMetrics(IReadOnlyList<RobustnessRow> rows, IReadOnlyList<WorstCaseMeasure> measures, IReadOnlyList<EvaluationFinding> findings)
        => (Rows, Measures, Findings) = (rows, measures, findings);

    /// <summary>One row for each image, in the order of the source: the worst by the first measure.</summary>
    public IReadOnlyList<RobustnessRow> Rows { get; }

    /// <summary>Images that could be attacked; the others have no attacked copy that keeps the prediction, and are in no mean.</summary>
    public int ValidCount => Rows.Count(row => row.Valid);

    /// <summary>One entry for each measure, that of the ensemble's judge first.</summary>
    public IReadOnlyList<WorstCaseMeasure> Measures { get; }

    /// <summary>What makes the figures less than they seem; empty where nothing does.</summary>
    public IReadOnlyList<EvaluationFinding> Findings { get; }

    /// <summary>A table of the measures, of what each attack reaches alone, and the findings.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (WorstCaseMeasure measure in Measures)
        {
            text.AppendLine($"{measure.Similarity.Name}: {Text(measure.Mean)} {measure.Interval}, worst of {measure.ByAttack.Count} attacks");
            if (measure.Others is { } others)
            {
                string lift = others.Lift is { } known ? $"; lift {Text(known.Value)} {known.Interval}" : string.Empty;
                string otherClass = Text(others.OtherClass.Mean);
                text.AppendLine($"  maps of different images: same class {Text(others.SameClass.Mean)}, other class {otherClass}{lift}");
            }

            foreach (AttackAlone alone in measure.ByAttack)
            {
                text.AppendLine($"  {alone.Attack} alone: {Text(alone.Mean)}; the worst for {alone.Wins} images");
            }

            text.Append("  after each restart: ").AppendJoin(", ", measure.ByRestart.Select(Text)).AppendLine();
        }

        text.AppendLine($"{Rows.Count} images: {ValidCount} attacked, {Rows.Count - ValidCount} without a valid copy");
        return Findings.Count == 0
            ? text.Append("Nothing speaks against these figures.").ToString()
            : text.AppendJoin(Environment.NewLine, Findings).ToString();

        static string Text(double value) => MetricsText.Of(value);
    }

    /// <summary>All numbers and findings as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        rows = Rows.Count,
        valid = ValidCount,
        invalid = Rows.Count - ValidCount,
        unchanged = Rows.Count(row => row.Unchanged),
        measures = Measures.Select(measure => new
        {
            name = measure.Similarity.Name,
            higherIsMoreSimilar = measure.Similarity.HigherIsMoreSimilar,
            ideal = measure.Similarity.Ideal,
            mean = measure.Mean,
            interval = measure.Interval,
            count = measure.Values.Count(value => !double.IsNaN(value)),
            values = measure.Values,
            attacks = measure.ByAttack.Select(alone => new { name = alone.Attack, mean = alone.Mean, wins = alone.Wins, curve = alone.Curve }),
            restarts = measure.ByRestart,
            otherImages = measure.Others is { } others
                ? new
                {
                    sameClass = Of(others.SameClass),
                    otherClass = Of(others.OtherClass),
                    lift = others.Lift is { } lift ? new { value = lift.Value, interval = lift.Interval, count = lift.Count } : null,
                }
                : null,
        }),
        findings = Findings.Select(finding => new { concern = finding.Concern.ToString(), text = finding.Text }),
    });

    private static object Of(MeanSimilarity mean) => new { mean = mean.Mean, interval = mean.Interval, count = mean.Count };

    /// <summary>Puts batches together and analyses the whole.</summary>
    internal static WorstCaseMetrics Of(WorstCaseEvaluation evaluation, IReadOnlyList<WorstCaseBatch> batches, bool wasTraining)
    {
        RobustnessRow[] rows = [.. batches.SelectMany(batch => batch.Rows)];
        var maps = new MapSample.Builder();
        foreach (WorstCaseBatch batch in batches)
        {
            foreach ((int image, RobustnessRow row) in batch.Rows.Index())
            {
                double[] worst = [.. batch.Judged.Select(by => by.Similarity[image])]; // each measure's own
                maps.Add(row with { Similarities = worst }, row.PredictedBefore.ToString(CultureInfo.InvariantCulture));
            }
        }

        IReadOnlyList<OtherImages> others = maps.Build().Compare(evaluation.Judges);
        WorstCaseMeasure[] measures = [.. evaluation.Judges.Select((judge, i) => Measure(judge, i, batches, others[i]))];
        return new(rows, measures, [.. new ResultAnalysis(evaluation, measures, batches, wasTraining).Findings()]);
    }

    private static WorstCaseMeasure Measure(IMapSimilarity judge, int index, IReadOnlyList<WorstCaseBatch> batches, OtherImages others)
    {
        WorstCaseNumbers[] judged = [.. batches.Select(batch => batch.Judged[index])];
        IReadOnlyList<string> names = batches[0].Attacks;
        double[] similarity = [.. judged.SelectMany(batch => batch.Similarity)];
        double[] known = [.. similarity.Where(value => !double.IsNaN(value))];
        double[] weights = [.. judged.Select(batch => (double)batch.Similarity.Count(value => !double.IsNaN(value)))];
        return new WorstCaseMeasure(judge, similarity, SampleValues.Of(known))
        {
            ByAttack =
            [
                .. names.Select((name, attack) => new AttackAlone(
                    name,
                    OfAttacked(batch => batch.ByAttack[attack]),
                    judged.Sum(batch => batch.Winner.Count(winner => winner == attack)),
                    Together(judged.Select(batch => batch.Curves[attack]), weights))),
            ],
            ByRestart = [.. judged[0].ByRestart.Select((_, restart) => OfAttacked(batch => batch.ByRestart[restart]))],
            Others = others,
        };

        double OfAttacked(Func<WorstCaseNumbers, IEnumerable<double>> values) => Mean(judged.SelectMany(
            batch => values(batch).Zip(batch.Similarity, (value, worst) => double.IsNaN(worst) ? double.NaN : value)));
    }

    /// <summary>The weighted mean of curves of equal length.</summary>
    private static double[] Together(IEnumerable<IReadOnlyList<double>> curves, double[] weights)
    {
        (IReadOnlyList<double> Curve, double Weight)[] known = [.. curves.Zip(weights).Where(pair => pair.First.Count > 0 && pair.Second > 0)];
        return known.Length == 0
            ? []
            : [.. known[0].Curve.Select((_, step) => known.Sum(pair => pair.Curve[step] * pair.Weight) / known.Sum(pair => pair.Weight))];
    }

    private static double Mean(IEnumerable<double> values) => SampleMean.Of(values.Where(value => !double.IsNaN(value))).Mean;
}

/// <summary>The worst case by one measure. Immutable.</summary>
public sealed record WorstCaseMeasure
{
    private readonly SampleValues sample;

    internal WorstCaseMeasure(IMapSimilarity similarity, IReadOnlyList<double> values, SampleValues sample)
        => (Similarity, Values, this.sample) = (similarity, values, sample);

    /// <summary>The measure.</summary>
    public IMapSimilarity Similarity { get; }

    /// <summary>Of each image, in the order of the source; NaN where it could not be attacked.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>Mean over the images attacked; NaN without any.</summary>
    public double Mean => sample.Mean;

    /// <summary>95 % bootstrap interval of the mean over the images.</summary>
    public ConfidenceInterval Interval => sample.Interval;

    /// <summary>What each attack of the ensemble reaches alone.</summary>
    public required IReadOnlyList<AttackAlone> ByAttack { get; init; }

    /// <summary>The mean of the worst so far after each restart, noise and squares included from the first.</summary>
    public required IReadOnlyList<double> ByRestart { get; init; }

    /// <summary>How similar maps of different images are.</summary>
    public OtherImages? Others { get; init; }
}

/// <summary>What one attack of an ensemble reaches alone.</summary>
/// <param name="Attack">Its name.</param>
/// <param name="Mean">The mean similarity over the images attacked; NaN where it did not run because all were finished.</param>
/// <param name="Wins">Images for which it found the worst iterate of all.</param>
/// <param name="Curve">The mean of the worst so far along its steps, queries or draws.</param>
public sealed record AttackAlone(string Attack, double Mean, int Wins, IReadOnlyList<double> Curve);
