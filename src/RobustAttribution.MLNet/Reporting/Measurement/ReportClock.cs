using System.Diagnostics;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Counts the work done over all models, tells who listens, and stops the measurement when it should stop.</summary>
internal sealed class ReportClock : IDisposable
{
    private readonly IHostEnvironment environment;
    private readonly RobustnessReportOptions options;
    private readonly IProgressChannel channel;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly int models;
    private double modelsDone;
    private long total = 1;
    private long done;
    private string model = string.Empty;

    public ReportClock(IHostEnvironment environment, RobustnessReportOptions options, int models)
    {
        (this.environment, this.options, this.models) = (environment, options, models);
        channel = environment.StartProgressChannel("RobustnessReport");
        channel.SetHeader(new ProgressHeader("models"), entry => entry.SetProgress(0, modelsDone + ((double)done / total), models));
    }

    public TimeSpan Elapsed => watch.Elapsed;

    /// <summary>Begins with a model that is <paramref name="units"/> of work.</summary>
    public void Begin(string name, long units) => (model, total, done) = (name, Math.Max(1, units), 0);

    public void EndModel()
    {
        modelsDone++;
        (done, total) = (0, 1);
    }

    /// <summary>Some units of work are done.</summary>
    public void Advance(string step, long units)
    {
        done += units;
        double share = Math.Min(1, (modelsDone + ((double)done / total)) / models);
        TimeSpan elapsed = watch.Elapsed;
        options.Progress?.Report(new RobustnessReportProgress(model, step, share, elapsed, elapsed * ((1 - share) / Math.Max(share, 1e-9))));
        Check();
    }

    public void Check()
    {
        HostSettings.CheckAlive(environment);
        options.CancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose() => channel.Dispose();
}
