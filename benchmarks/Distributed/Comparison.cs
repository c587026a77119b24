using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>Runs the ways in turn and writes the table.</summary>
internal sealed class Comparison(int batch, int steps, int rounds, IReadOnlyList<string> objectives, FileInfo? output)
{
    private static readonly (string Name, int Ranks, int Threads)[] Ways =
        [("1 rank × 1 thread", 1, 1), ("1 process × 2 threads", 1, 2), ("2 ranks × 1 thread", 2, 1)];

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
        text.AppendLine("The median of the rounds, and of the rounds' ratios; in brackets the smallest and the largest.\n");
        text.AppendLine("| objective | " + string.Join(" | ", Ways.Select(way => $"{way.Name}, images/s")) + " | ranks / threads | 2 ranks / 1 rank | share of the time in exchanges |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (string objective in objectives)
        {
            double[][] found = [.. Enumerable.Range(0, rounds).Select(_ => Ways.SelectMany(way => Train(objective, way.Ranks, way.Threads)).ToArray())];
            text.AppendLine(
                $"| {objective.ToUpperInvariant()} | {Median(found, 0)} | {Median(found, 2)} | {Median(found, 4)} | {Spread(found, row => row[4] / row[2])} |"
                + $" {Spread(found, row => row[4] / row[0])} | {Spread(found, row => row[5])} |");
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

        double[] Train(string objective, int ranks, int threads)
            => Child(ranks, ["train", .. new Setting(objective, threads, batch, steps).Arguments]);
    }

    private static string Median(double[][] rows, int column) => Invariant($"{Middle(rows.Select(row => row[column])):F0}");

    private static string Spread(double[][] rows, Func<double[], double> value)
    {
        double[] values = [.. rows.Select(value)];
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
