using System.Diagnostics;
using System.Globalization;

namespace RobustAttribution.Fuzz;

/// <summary>One mutation and what reading it came to.</summary>
internal sealed record Trial(string Format, int Seed, string Mutation, Outcome Outcome, string Detail)
{
    public override string ToString() => $"{Format}, seed {Seed} ({Mutation}): {Outcome}{(Detail.Length == 0 ? string.Empty : $", {Detail}")}";
}

/// <summary>
/// Reads mutated files in a process of its own, which is ended when one of them takes too long or too much memory, and started again behind it.
/// </summary>
internal static class FuzzProcess
{
    private const long MaximumBytes = 1L << 30;
    private const string Started = "started", Ended = "ended";
    private static readonly TimeSpan MaximumTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaximumStart = TimeSpan.FromMinutes(2);

    /// <summary>Tries the mutations of the seeds from <paramref name="first"/> on.</summary>
    /// <param name="format">What is mutated.</param>
    /// <param name="first">The first seed.</param>
    /// <param name="count">Number of seeds.</param>
    /// <param name="time">After this time no further one begins.</param>
    public static List<Trial> Run(FileFormat format, int first, int count, TimeSpan time)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fuzz-");
        try
        {
            var clock = Stopwatch.StartNew();
            List<Trial> trials = [];
            while (trials.Count < count && clock.Elapsed < time)
            {
                trials.AddRange(RunOne(format, folder.FullName, first + trials.Count, count - trials.Count, time - clock.Elapsed));
                if (trials[^1] is { Outcome: Outcome.TooSlow, Seed: var seed })
                {
                    trials[^1] = RunOne(format, folder.FullName, seed, 1, time)[^1]; // once more: the machine may have been busy
                }
            }

            return trials;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What the process does: mutates and reads, and writes a line before and after each mutation.</summary>
    public static int Try(string name, string root, int first, int count)
    {
        FileFormat format = FileFormats.Named(name);
        string original = Path.Combine(root, "original"), work = Path.Combine(root, "work");
        if (!Directory.Exists(original))
        {
            format.Write(Directory.CreateDirectory(original + ".unfinished").FullName);
            Directory.Move(original + ".unfinished", original);
        }

        Renew();
        string expected = format.Read(work);
        using var self = Process.GetCurrentProcess();
        for (int seed = first; seed < first + count; seed++)
        {
            Renew();
            var mutation = new Mutation(seed);
            string[] files = [.. format.Mutated.SelectMany(pattern => Directory.EnumerateFiles(work, pattern, SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
            string file = mutation.Choose(files, path => Path.GetRelativePath(work, path));
            File.WriteAllBytes(file, format.Mutate(File.ReadAllBytes(file), mutation));
            Say(Started, seed, mutation.Description);
            (Outcome outcome, string detail) = format.Try(work, expected);
            self.Refresh();
            bool isTooLarge = self.PeakWorkingSet64 > MaximumBytes;
            Say(Ended, seed, (isTooLarge ? Outcome.TooMuchMemory : outcome).ToString(), isTooLarge ? $"{self.PeakWorkingSet64 >> 20} MiB" : detail);
            if (isTooLarge)
            {
                return 0; // the peak stays
            }
        }

        return 0;

        void Renew()
        {
            if (Directory.Exists(work))
            {
                Directory.Delete(work, recursive: true);
            }

            Copy(original, work);
        }
    }

    public static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string folder in Directory.EnumerateDirectories(source, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(target, Path.GetRelativePath(source, folder)));
        }

        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(target, Path.GetRelativePath(source, file)));
        }
    }

    private static void Say(params IEnumerable<object> parts)
        => Console.WriteLine(string.Join('\t', parts.Select(part => part.ToString()!.Replace('\t', ' ').ReplaceLineEndings(" "))));

    /// <summary>One process; as many trials as it came to.</summary>
    private static List<Trial> RunOne(FileFormat format, string root, int first, int count, TimeSpan time)
    {
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] arguments = ["exec", typeof(FuzzProcess).Assembly.Location, "fuzz", format.Name, root, $"{first}", $"{count}"];
        var start = new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = MaximumBytes.ToString("X", CultureInfo.InvariantCulture);
        start.Environment["OMP_NUM_THREADS"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> messages = process.StandardError.ReadToEndAsync();
        List<Trial> trials = [];
        (int Seed, string Mutation)? open = null;
        Outcome end = Outcome.Crash;
        var whole = Stopwatch.StartNew();
        var sinceLine = Stopwatch.StartNew();
        Task<string?> line = process.StandardOutput.ReadLineAsync();
        while (true)
        {
            if (line.Wait(50))
            {
                if (line.Result is not { } text)
                {
                    break;
                }

                string[] parts = text.Split('\t');
                if (parts[0] == Started)
                {
                    open = (int.Parse(parts[1]), parts[2]);
                }
                else if (parts[0] == Ended)
                {
                    trials.Add(new Trial(format.Name, open!.Value.Seed, open.Value.Mutation, Enum.Parse<Outcome>(parts[2]), parts[3]));
                    open = null;
                    if (whole.Elapsed > time)
                    {
                        process.Kill();
                        break;
                    }
                }

                sinceLine.Restart();
                line = process.StandardOutput.ReadLineAsync();
                continue;
            }

            process.Refresh();
            bool isTooSlow = sinceLine.Elapsed > (trials.Count == 0 && open is null ? MaximumStart : MaximumTime);
            if (isTooSlow || (!process.HasExited && process.WorkingSet64 > MaximumBytes))
            {
                end = isTooSlow ? Outcome.TooSlow : Outcome.TooMuchMemory;
                process.Kill();
                line.Wait();
                break;
            }
        }

        process.WaitForExit();
        if (open is var (seed, mutation))
        {
            string detail = end == Outcome.Crash ? $"exit code {process.ExitCode}: {messages.Result[..Math.Min(500, messages.Result.Length)]}" : string.Empty;
            trials.Add(new Trial(format.Name, seed, mutation, end, detail.ReplaceLineEndings(" ")));
        }

        return trials.Count > 0 ? trials : throw new InvalidOperationException($"{format.Name}: the process did nothing: {messages.Result}");
    }
}
