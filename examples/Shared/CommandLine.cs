using System.CommandLine;
using Spectre.Console;
using TorchSharp;

namespace RobustAttribution.Examples;

/// <summary>How every example starts: one clear line for what went wrong, and an exit code that says so.</summary>
public static class CommandLine
{
    /// <summary>Exit code of a run that the user stopped, as shells know it.</summary>
    public const int Stopped = 130;

    /// <summary>Parses and runs. 0: done; 1: failed, or wrong options; 130: stopped with Ctrl-C.</summary>
    public static async Task<int> InvokeAsync(RootCommand command, string[] args)
    {
        ParseResult parsed = command.Parse(args);
        UseAllCores();
        try
        {
            // The time-out lets a training that was stopped write what it has.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
        }
        catch (OperationCanceledException)
        {
            Complain("stopped");
            return Stopped;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            Complain(error.Message);
            return 1;
        }
    }

    /// <summary>libtorch may start with a single thread. Who sets OMP_NUM_THREADS has chosen already.</summary>
    private static void UseAllCores()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS")))
        {
            torch.set_num_threads(Environment.ProcessorCount);
        }
    }

    private static void Complain(string message)
        => Terminal.Error.MarkupLineInterpolated($"[red]error:[/] {message}");
}
