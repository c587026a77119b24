using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>Runs the ways in turn and writes the table.</summary>
internal sealed class Comparison(int batch, int steps, int rounds, IReadOnlyList<string> objectives, FileInfo? output)
{
    private static readonly string[] Ways = ["1 rank × 1 thread", "1 process × 2 threads", "2 ranks × 1 thread", "2 trainings apart × 1 thread"];

    private static readonly long[] Sizes = [10_000, 500_000, 11_000_000, 36_500_000]; // around SmallConvNet, LeNet, ResNet-18, WRN-28-10

    public int Run()
    {
        var text = new StringBuilder();
        text.AppendLine("# Ranks beside threads\n");
        text.AppendLine(
            $"Made by `dotnet run --project benchmarks/Distributed -c Release -- --batch {batch} --steps {steps} --rounds {rounds}"
            + " --output benchmarks/results/distributed.md`");
        text.AppendLine(Invariant($"on a machine of {Environment.ProcessorCount} cores whose load was {Load()} at the start: LeNet on 3×32×32, {rounds} rounds of {2 * steps} timed steps of each"));
        text.AppendLine("way in turn. Where the load is above 0, other programs took part of the cores, and only a repetition on a quiet machine says what is gained.");
        text.AppendLine("Two trainings apart, each with half of the batch, exchange nothing: no more than their sum can be had of two ranks on this machine, whose cores share caches and memory.");
        text.AppendLine("The median of the rounds, and of the rounds' ratios; in brackets the smallest and the largest.\n");
        text.AppendLine(
            "| objective | " + string.Join(" | ", Ways.Select(way => $"{way}, images/s"))
            + " | ranks / threads | 2 ranks / 1 rank | 2 apart / 1 rank | 2 ranks / 2 apart | share of the time in exchanges |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (string objective in objectives)
        {
            Round[] found = [.. Enumerable.Range(0, rounds).Select(_ => Measure(objective))];
            text.AppendLine(
                $"| {objective.ToUpperInvariant()} | {Median(found, round => round.OneRank)} | {Median(found, round => round.Threads)} |"
                + $" {Median(found, round => round.Ranks)} | {Median(found, round => round.Apart)} | {Spread(found, round => round.Ranks / round.Threads)} |"
                + $" {Spread(found, round => round.Ranks / round.OneRank)} | {Spread(found, round => round.Apart / round.OneRank)} |"
                + $" {Spread(found, round => round.Ranks / round.Apart)} | {Spread(found, round => round.Exchanges)} |");
        }

        text.AppendLine("\n| sum over 2 ranks of | best, ms | median, ms |\n|---|---|---|");
        foreach (long size in Sizes)
        {
            double[] times = Child(2, ["sum", size.ToString(CultureInfo.InvariantCulture)]);
            text.AppendLine(Invariant($"| {size:N0} float32 | {times[0]:F2} | {times[1]:F2} |"));
        }

        text.AppendLine(Invariant($"\nThe load at the end was {Load()}."));
        Console.Write(text);
        if (output is not null)
        {
            File.WriteAllText(output.FullName, text.ToString());
        }

        return 0;

        Round Measure(string objective)
        {
            double[] one = Train(objective, 1, 1, batch);
            double[] threads = Train(objective, 1, 2, batch);
            double[] two = Train(objective, 2, 1, batch);
            Task<double[]>[] apart = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => Train(objective, 1, 1, batch / 2)))];
            Task.WaitAll(apart);
            return new Round(one[0], threads[0], two[0], apart.Sum(task => task.Result[0]), two[1]);
        }

        double[] Train(string objective, int ranks, int threads, int images)
            => Child(ranks, ["train", .. new Setting(objective, threads, images, steps).Arguments]);
    }

    /// <summary>Images per second of each way, and the share of the ranks' time that was spent on exchanges.</summary>
    private sealed record Round(double OneRank, double Threads, double Ranks, double Apart, double Exchanges);

    private static string Median(Round[] rounds, Func<Round, double> value) => Invariant($"{Middle(rounds.Select(value)):F0}");

    private static string Spread(Round[] rounds, Func<Round, double> value)
    {
        double[] values = [.. rounds.Select(value)];
        return Invariant($"{Middle(values):F2} ({values.Min():F2}–{values.Max():F2})");
    }

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    internal static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    internal static double[] Child(int ranks, IEnumerable<string> arguments)
    {
        string[] root = Environment.IsPrivilegedProcess ? ["--allow-run-as-root"] : [];
        string[] launcher = ["--oversubscribe", "--bind-to", "none", "-np", ranks.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo("mpirun", [.. root, .. launcher, "dotnet", typeof(Comparison).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["OMPI_MCA_mpi_yield_when_idle"] = "1";
        using Process process = Process.Start(start)!;
        string written = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string? line = written.Split('\n').FirstOrDefault(line => line.Contains("result ", StringComparison.Ordinal));
        return process.ExitCode == 0 && line is not null
            ? [.. line[line.IndexOf("result ", StringComparison.Ordinal)..].Split(' ').Skip(1).Select(number => double.Parse(number, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"mpirun {string.Join(' ', arguments)} ended with {process.ExitCode}: {written}");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
