using System.Diagnostics;
using System.Text;

namespace RobustAttribution.Distributed.Tests;

/// <summary>This assembly, started by mpirun as several ranks of one task of <see cref="Program"/>.</summary>
internal sealed class MpiJob : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();

    private MpiJob(string program, IEnumerable<string> arguments, IEnumerable<(string Name, string? Value)> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string? value) in environment.Concat([("OMP_NUM_THREADS", "1"), ("OMPI_MCA_mpi_yield_when_idle", "1")]))
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Collect(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }
        }
    }

    /// <summary>What all ranks and mpirun wrote so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public static string Assembly => typeof(MpiJob).Assembly.Location;

    /// <summary>Starts a job. Inconclusive where there is no mpirun.</summary>
    public static MpiJob Start(int ranks, params string[] arguments)
    {
        string mpirun = Find("mpirun") ?? throw new AssertInconclusiveException("mpirun is not installed (apt-get install openmpi-bin).");
        string[] root = Environment.IsPrivilegedProcess ? ["--allow-run-as-root"] : [];
        return new(mpirun, [.. root, "--oversubscribe", "--bind-to", "none", "-np", $"{ranks}", "dotnet", Assembly, .. arguments], []);
    }

    /// <summary>Starts another program.</summary>
    public static MpiJob Start(string program, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
        => new(program, arguments, environment);

    /// <summary>The path of a program; null where it is not installed.</summary>
    public static string? Find(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs a job to its end, which must be a good one.</summary>
    public static string Run(int ranks, params string[] arguments)
    {
        using MpiJob job = Start(ranks, arguments);
        int code = job.Wait();
        Assert.AreEqual(0, code, job.Output);
        return job.Output;
    }

    /// <summary>Waits for a line of the output that has this text.</summary>
    public void WaitFor(string text)
    {
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.IsFalse(process.HasExited, Output);
            Assert.IsLessThan(Limit, clock.Elapsed, Output);
            Thread.Sleep(50);
        }
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public int Wait()
    {
        Assert.IsTrue(process.WaitForExit(Limit), $"It hangs. {Output}");
        process.WaitForExit(); // and for the rest of the output
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }
}
