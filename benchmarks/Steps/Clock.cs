using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>Milliseconds of wall clock, and of processor time, which a busy machine distorts less.</summary>
internal readonly record struct Cost(double Wall, double Processor)
{
    public static Cost operator +(Cost a, Cost b) => new(a.Wall + b.Wall, a.Processor + b.Processor);

    public static Cost operator -(Cost a, Cost b) => new(a.Wall - b.Wall, a.Processor - b.Processor);

    public static Cost operator *(Cost a, double factor) => new(a.Wall * factor, a.Processor * factor);

    /// <summary>The median of each.</summary>
    public static Cost Median(IEnumerable<Cost> costs)
    {
        Cost[] all = [.. costs];
        return new(Median(all.Select(cost => cost.Wall)), Median(all.Select(cost => cost.Processor)));
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}

/// <summary>Reads time when the device is done.</summary>
internal readonly struct Clock
{
    private readonly Device device;
    private readonly long start;
    private readonly TimeSpan processor;

    private Clock(Device device)
    {
        this.device = device;
        Wait(device);
        (start, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
    }

    /// <summary>What passed since the start.</summary>
    public Cost Elapsed
    {
        get
        {
            Wait(device);
            return new(Stopwatch.GetElapsedTime(start).TotalMilliseconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds);
        }
    }

    public static Clock Start(Device device) => new(device);

    public static Cost Of(Action action, Device device)
    {
        Clock clock = Start(device);
        action();
        return clock.Elapsed;
    }

    /// <summary>The median of some runs after a warm-up; what a run allocates is freed.</summary>
    public static Cost Median(int repeats, Device device, Action action)
    {
        Scoped();
        return Cost.Median([.. Enumerable.Range(0, repeats).Select(_ => Of(Scoped, device))]);

        void Scoped()
        {
            using IDisposable scope = NewDisposeScope();
            action();
        }
    }

    private static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }
}
