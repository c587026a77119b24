using System.Diagnostics;
using RobustAttribution.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>One rank that times the sum of gradients of some size.</summary>
internal static class Sum
{
    private const int Repetitions = 20;

    /// <summary>Prints, on rank 0, the best and the median of the milliseconds.</summary>
    public static int Run(MpiCommunicator ranks, long floats)
    {
        using Tensor values = ones(floats, device: CPU);
        List<double> times = [];
        for (int i = 0; i < Repetitions; i++)
        {
            ranks.Barrier();
            long start = Stopwatch.GetTimestamp();
            ranks.SumInPlace(values);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        if (ranks.Rank == 0)
        {
            Console.WriteLine(FormattableString.Invariant($"result {times.Min():R} {times.Order().ElementAt(Repetitions / 2):R}"));
        }

        return 0;
    }
}
