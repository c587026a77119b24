namespace RobustAttribution.MLNet.Reporting;

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
