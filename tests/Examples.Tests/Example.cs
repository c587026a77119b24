using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace RobustAttribution.Examples.Tests;

/// <summary>Runs an example as a user does: a process of its own, arguments in, text and exit code out.</summary>
internal sealed partial class Example : IDisposable
{
    private const int Interrupt = 2; // SIGINT
    private const int Terminate = 15; // SIGTERM
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private Example(string name, IEnumerable<string> arguments, params string[] launcher)
    {
        string[] command = [.. launcher, "dotnet", "exec", Path.Combine(FolderOf(name), $"{name}.dll"), .. arguments];
        process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        if (launcher.Length > 0)
        {
            process.StartInfo.Environment["OMPI_MCA_mpi_yield_when_idle"] = "1";
        }

        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Read(output);

    public string Errors => Read(errors);

    /// <summary>Whether this process, and so its children, was started with Ctrl-C switched off, as shells do with jobs in the background.</summary>
    public static bool IgnoresInterrupt => File.ReadLines("/proc/self/status").Any(line => line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0);

    /// <summary>The folder that an example was built into.</summary>
    public static string FolderOf(string name)
    {
        // tests/Examples.Tests/bin/Debug/net10.0: configuration and framework are those of the examples too.
        string[] place = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
        return Path.Combine(Directory.GetDirectories(Path.Combine(root, "examples"), $"?-{name}").Single(), "bin", place[^2], place[^1]);
    }

    /// <summary>Runs to the end.</summary>
    public static Result Run(string name, params IEnumerable<string> arguments)
    {
        using Example example = Start(name, arguments);
        return example.Wait();
    }

    /// <summary>Runs as several ranks of MPI to the end. Inconclusive where there is no mpirun.</summary>
    public static Result RunRanks(int ranks, string name, params IEnumerable<string> arguments)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        string mpirun = folders.Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists)
            ?? throw new AssertInconclusiveException("mpirun is not installed (apt-get install openmpi-bin).");
        string[] root = Environment.IsPrivilegedProcess ? ["--allow-run-as-root"] : [];
        using var example = new Example(name, arguments, [mpirun, .. root, "--oversubscribe", "--bind-to", "none", "-np", $"{ranks}"]);
        return example.Wait();
    }

    public static Example Start(string name, params IEnumerable<string> arguments) => new(name, arguments);

    /// <summary>Waits until a text was written.</summary>
    public void WaitFor(string text)
    {
        var watch = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.IsFalse(process.HasExited || watch.Elapsed > Patience, $"'{text}' was never written: {Output}{Errors}");
            Thread.Sleep(20);
        }
    }

    /// <summary>What Ctrl-C does.</summary>
    public void PressControlC() => Assert.AreEqual(0, Kill(process.Id, Interrupt));

    /// <summary>What a service manager does.</summary>
    public void Stop() => Assert.AreEqual(0, Kill(process.Id, Terminate));

    public Result Wait()
    {
        Assert.IsTrue(process.WaitForExit(Patience), $"It did not end: {Output}{Errors}");
        process.WaitForExit(); // the last lines
        return new Result(process.ExitCode, Output, Errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}

/// <summary>What came of a run.</summary>
internal sealed record Result(int ExitCode, string Output, string Errors)
{
    /// <summary>Throws unless the run was fine.</summary>
    public Result Fine()
    {
        Assert.AreEqual(0, ExitCode, $"{Output}{Errors}");
        Assert.AreEqual(string.Empty, Errors);
        return this;
    }
}
