using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>Reports to ML.NET's progress channel, and in a long run to the log, how many rows a cursor has computed.</summary>
/// <param name="environment">Whose channels are used.</param>
/// <param name="name">What is done, e.g. "Saliency".</param>
/// <param name="total">The rows there are; null where nobody knows.</param>
/// <param name="interval">Shortest time between two messages.</param>
internal sealed class RowProgress(IHostEnvironment environment, string name, long? total, TimeSpan interval) : IDisposable
{
    private IProgressChannel? progress;
    private long done;
    private long start;
    private long latest;

    /// <summary>Begins a batch. The first one starts the clock.</summary>
    public void BeginBatch()
    {
        if (progress is null)
        {
            start = latest = Stopwatch.GetTimestamp();
            progress = environment.StartProgressChannel(name);
            progress.SetHeader(new ProgressHeader("rows"), Fill);
        }
    }

    /// <summary>Ends a batch.</summary>
    /// <param name="rows">Its rows.</param>
    public void EndBatch(int rows)
    {
        done += rows;
        if (Stopwatch.GetElapsedTime(latest) < interval)
        {
            return;
        }

        latest = Stopwatch.GetTimestamp();
        double perSecond = done / Stopwatch.GetElapsedTime(start).TotalSeconds;
        string of = total is long all ? string.Create(CultureInfo.InvariantCulture, $" of {all}") : string.Empty;
        using IChannel channel = environment.Start(name);
        channel.Info(MessageSensitivity.None, "{0}", string.Create(CultureInfo.InvariantCulture, $"{done}{of} rows, {perSecond:G3} rows/s"));
    }

    public void Dispose() => progress?.Dispose();

    private void Fill(IProgressEntry entry)
    {
        if (total is long all)
        {
            entry.SetProgress(0, done, all);
        }
        else
        {
            entry.SetProgress(0, done);
        }
    }
}
