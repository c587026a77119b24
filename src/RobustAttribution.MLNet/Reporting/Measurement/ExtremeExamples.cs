namespace RobustAttribution.MLNet.Reporting;

/// <summary>Keeps the worst and the best images, and no others: a gallery needs no more of them in memory.</summary>
/// <remarks>Of equal ones the first are the worst, the last the best; so those of batches have the same among them as all images.</remarks>
internal sealed class ExtremeExamples(int atEachEnd)
{
    private List<ReportedExample> examples = [];

    /// <summary>From the worst to the best.</summary>
    public IReadOnlyList<ReportedExample> Examples
    {
        get
        {
            List<ReportedExample> ordered = [.. examples.OrderBy(other => other.Similarity)];
            return ordered.Count <= 2 * atEachEnd ? ordered : [.. ordered.Take(atEachEnd), .. ordered.TakeLast(atEachEnd)];
        }
    }

    public void Add(ReportedExample example)
    {
        examples.Add(example);
        if (examples.Count > 4 * atEachEnd)
        {
            examples = [.. Examples];
        }
    }
}
