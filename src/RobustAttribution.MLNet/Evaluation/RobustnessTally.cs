using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Adds up attacked rows.</summary>
internal sealed class RobustnessTally(string[] classNames, (string ColumnName, IMapSimilarity Similarity)[] similarities, bool correctOnly)
{
    private readonly RunningStatistics[] all = [.. similarities.Select(_ => new RunningStatistics())];
    private readonly RunningStatistics[][] perClass = [.. similarities.Select(_ => classNames.Select(_ => new RunningStatistics()).ToArray())];
    private long attacked;
    private long valid;
    private long leftOut;
    private long labelled;
    private long labelledAttacked;
    private long correctBefore;
    private long correctAfter;

    /// <summary>Rows seen.</summary>
    public long Rows => attacked + leftOut;

    /// <summary>Adds one row; a class of −1 is missing.</summary>
    public void Add(long label, long before, long after, bool found, ReadOnlySpan<float> values)
    {
        bool correct = label >= 0 && label == before;
        labelled += label >= 0 ? 1 : 0;
        correctBefore += correct ? 1 : 0;
        if (correctOnly && !correct)
        {
            leftOut++;
            return;
        }

        attacked++;
        labelledAttacked += label >= 0 ? 1 : 0;
        correctAfter += label >= 0 && label == after ? 1 : 0;
        if (!found)
        {
            return;
        }

        valid++;
        long group = label >= 0 ? label : before;
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsNaN(values[i])) // the measure is undefined for this pair of maps
            {
                all[i].Add(values[i]);
                if (group >= 0 && group < classNames.Length)
                {
                    perClass[i][group].Add(values[i]);
                }
            }
        }
    }

    public AttributionRobustnessMetrics ToMetrics()
        => new(
            attacked,
            valid,
            leftOut,
            labelled,
            Share(correctBefore, labelled),
            Share(correctAfter, labelledAttacked),
            [.. similarities.Select((entry, i) => new SimilarityStatistics(entry.ColumnName, entry.Similarity, all[i].Mean, all[i].StandardError, all[i].Count, Classes(perClass[i])))]);

    private static double Share(long part, long whole) => whole == 0 ? double.NaN : (double)part / whole;

    private ClassStatistics[] Classes(RunningStatistics[] statistics)
        => [.. statistics.Select((entry, i) => new ClassStatistics(classNames[i], entry.Mean, entry.StandardError, entry.Count))];
}
