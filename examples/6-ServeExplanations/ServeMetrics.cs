using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>What the service counts and times, as instruments of .NET: <see cref="PrometheusText"/> or any other listener reads them.</summary>
internal sealed class ServeMetrics : IDisposable
{
    public const string MeterName = "RobustAttribution.ServeExplanations";
    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> requests;
    private readonly Histogram<double> steps;
    private readonly Histogram<double> whole;

    public ServeMetrics()
    {
        requests = meter.CreateCounter<long>("explain_requests_total", null, "Requests by their outcome.");
        whole = meter.CreateHistogram<double>("explain_seconds", "s", "From the first byte of a request to its answer.");
        steps = meter.CreateHistogram<double>("explain_step_seconds", "s", "Parts of a request: waiting for an engine, decoding, explaining, stability.");
        meter.CreateObservableGauge("process_working_set_bytes", () => Environment.WorkingSet, "By", "Memory of the process, libtorch's included.");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time.");
    }

    /// <summary>Adds gauges of the pool.</summary>
    public void Observe(Func<int> inside, Func<int> busy)
    {
        meter.CreateObservableGauge("explain_requests_inside", inside, null, "Requests that are read, waiting or worked on.");
        meter.CreateObservableGauge("explain_engines_busy", busy, null, "Engines at work.");
    }

    /// <summary>Notes the end of a step.</summary>
    /// <returns>The time now, at which the next one starts.</returns>
    public long Took(string step, long start)
    {
        steps.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("step", step));
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes the end of a request.</summary>
    public void Ended(string outcome, long start)
    {
        requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        whole.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
    }

    public void Dispose() => meter.Dispose();
}
