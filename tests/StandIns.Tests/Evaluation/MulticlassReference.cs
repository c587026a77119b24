namespace StandIns.Tests.Evaluation;

/// <summary>Multiclass metrics by definition, with loops over whole lists.</summary>
internal static class MulticlassReference
{
    internal sealed record Row(int Label, float[] Scores);

    /// <summary>The class of the highest score; of equal ones the first.</summary>
    internal static int Predicted(Row row) => Ranking(row)[0];

    /// <summary>Classes from the highest score down, equal scores in class order.</summary>
    internal static int[] Ranking(Row row) =>
        Enumerable.Range(0, row.Scores.Length).OrderByDescending(c => row.Scores[c]).ThenBy(c => c).ToArray();

    internal static double Micro(IReadOnlyList<Row> rows) => rows.Count(row => Predicted(row) == row.Label) / (double)rows.Count;

    internal static double Macro(IReadOnlyList<Row> rows, int classes) =>
        rows.Where(row => row.Label < classes).GroupBy(row => row.Label).Average(of => of.Count(row => Predicted(row) == row.Label) / (double)of.Count());

    internal static double TopK(IReadOnlyList<Row> rows, int k) =>
        rows.Count(row => Ranking(row).Take(k).Contains(row.Label)) / (double)rows.Count;

    /// <summary>Probabilities below 1e-15 (as a single) count as that; a class that the scores do not know has none.</summary>
    internal static double LogLoss(IReadOnlyList<Row> rows) => rows.Average(row =>
    {
        var p = row.Label < row.Scores.Length ? row.Scores[row.Label] : 0f;
        return -Math.Log(p > 1 ? 1 : p < 1e-15f ? 1e-15f : p);
    });

    internal static double LogLossReduction(IReadOnlyList<Row> rows)
    {
        var prior = rows.Average(row => -Math.Log(rows.Count(other => other.Label == row.Label) / (double)rows.Count));
        return (prior - LogLoss(rows)) / prior;
    }

    internal static double ClassLogLoss(IReadOnlyList<Row> rows, int label)
    {
        var ofClass = rows.Where(row => row.Label == label).ToList();
        return ofClass.Count == 0 ? 0 : LogLoss(ofClass);
    }

    internal static double Count(IReadOnlyList<Row> rows, int actual, int predicted) =>
        rows.Count(row => row.Label == actual && Predicted(row) == predicted);
}
