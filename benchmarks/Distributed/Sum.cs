using System.Diagnostics;
using RobustAttribution.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>One rank that times the sum of gradients of some size.</summary>
internal static class Sum
{
    private const int LeastRepetitions = 20, MostRepetitions = 2000;
    private const long FloatsOfAll = 400_000_000; // enough of the small ones that some meet a quiet moment

    /// <summary>Prints, on rank 0, the best and the median of the milliseconds.</summary>
    public static int Run(MpiCommunicator ranks, long floats)
    {
        using Tensor values = ones(floats, device: CPU);
        int repetitions = (int)Math.Clamp(FloatsOfAll / floats, LeastRepetitions, MostRepetitions);
        List<double> times = [];
        for (int i = 0; i < repetitions; i++)
        {
            ranks.Barrier();
            long start = Stopwatch.GetTimestamp();
            ranks.SumInPlace(values);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        if (ranks.Rank == 0)
        {
            Console.WriteLine(FormattableString.Invariant($"result {times.Min():R} {times.Order().ElementAt(repetitions / 2):R}"));
        }

        return 0;
    }
}
