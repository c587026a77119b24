using System.Diagnostics;
using System.Globalization;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>This program once more, in a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>What the child wrote first, and the milliseconds from its start to there.</summary>
    public static (string Line, double Milliseconds) Run(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        string[] own = isHost ? ["exec", typeof(ChildProcess).Assembly.Location] : [];
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, [.. own, .. arguments]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} does not start.");
        string? line = process.StandardOutput.ReadLine();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        process.WaitForExit();
        return process.ExitCode == 0 && line is not null
            ? (line, milliseconds)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    /// <summary>The largest resident size of this process so far, in MiB; NaN where the system has no /proc.</summary>
    public static double PeakMemory() => File.Exists("/proc/self/status")
        ? File.ReadLines("/proc/self/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(line => long.Parse(line[6..^2].Trim(), CultureInfo.InvariantCulture) / 1024.0).First()
        : double.NaN;
}
