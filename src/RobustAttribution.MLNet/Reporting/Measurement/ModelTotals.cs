using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>What is added up over the images of one model.</summary>
internal sealed class ModelTotals(RobustnessReportOptions options)
{
    /// <summary>Right answers, 0 or 1 for each image.</summary>
    public RunningStatistics Accuracy { get; } = new();

    /// <summary>What each attack did.</summary>
    public AttackTotals[] Attacks { get; } = [.. options.Attacks.Select(_ => new AttackTotals(options.Similarities.Count))];

    public CurveTotals Insertion { get; } = new();

    public CurveTotals Deletion { get; } = new();

    /// <summary>Over images with a valid attacked copy by the first attack.</summary>
    public CurveTotals AdversarialInsertion { get; } = new();
}

/// <summary>What one attack did.</summary>
internal sealed class AttackTotals(int measures)
{
    public long Valid { get; private set; }

    public long Count { get; private set; }

    /// <summary>One for each measure.</summary>
    public RunningStatistics[] Similarities { get; } = [.. Enumerable.Range(0, measures).Select(_ => new RunningStatistics())];

    /// <summary>One list for each measure: the values of valid images.</summary>
    public List<double>[] Values { get; } = [.. Enumerable.Range(0, measures).Select(_ => new List<double>())];

    /// <summary>Adds an image.</summary>
    public void Add(bool valid, ReadOnlySpan<double> values)
    {
        Count++;
        if (!valid)
        {
            return;
        }

        Valid++;
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i])) // undefined for this pair of maps
            {
                Similarities[i].Add(values[i]);
                Values[i].Add(values[i]);
            }
        }
    }
}

/// <summary>A curve's mean over images.</summary>
internal sealed class CurveTotals
{
    private RunningStatistics[] points = [];
    private IReadOnlyList<double> shares = [];

    public RunningStatistics Area { get; } = new();

    public IReadOnlyList<(double X, double Y)> Points => [.. shares.Zip(points, (share, point) => (share, point.Mean))];

    /// <summary>Adds the curve of an image.</summary>
    public void Add(IReadOnlyList<double> at, ReadOnlySpan<double> values)
    {
        if (points.Length == 0)
        {
            shares = at;
            points = [.. at.Select(_ => new RunningStatistics())];
        }

        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            points[i].Add(values[i]);
            sum += values[i];
        }

        Area.Add(sum / values.Length);
    }
}

/// <summary>Keeps the worst and the best images, and no others: a gallery needs no more of them in memory.</summary>
internal sealed class ExtremeExamples(int atEachEnd)
{
    private List<ReportedExample> examples = [];

    public IReadOnlyList<ReportedExample> Examples => examples;

    public void Add(ReportedExample example)
    {
        examples.Add(example);
        if (examples.Count > 4 * atEachEnd)
        {
            List<ReportedExample> ordered = [.. examples.OrderBy(other => other.Similarity)];
            examples = [.. ordered.Take(atEachEnd), .. ordered.TakeLast(atEachEnd)];
        }
    }
}
