using System.Text;
using RobustAttribution.Distributed;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainOnSeveralMachines;

/// <summary>Starts a program as the rank that a launcher made of this process, or alone.</summary>
internal static class Ranks
{
    // What mpirun and srun tell each process: how many there are.
    private static readonly string[] Launched = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];

    /// <summary>Runs the program; its exit code.</summary>
    /// <exception cref="InvalidOperationException">A launcher started several processes, and there is no MPI library to join them.</exception>
    public static int Run(IAnsiConsole console, Func<ICommunicator, int> program)
    {
        int code = 0;
        try
        {
            // A rank that fails must end the others; one process alone just returns, without a word of MPI.
            MpiCommunicator.Run(ranks =>
            {
                code = CommandLine.Guarded(() => program(ranks));
                return ranks.Size == 1 ? 0 : code;
            });
        }
        catch (Exception error) when (error is DllNotFoundException or PlatformNotSupportedException)
        {
            if (Launched.Any(name => int.TryParse(Environment.GetEnvironmentVariable(name), out int count) && count > 1))
            {
                throw new InvalidOperationException(error.Message, error);
            }

            console.WriteLine($"Alone: {error.Message}");
            code = program(Communicator.Single);
        }

        return code;
    }

    /// <summary>The machines, and how many ranks each has.</summary>
    public static string Places(ICommunicator ranks)
    {
        IEnumerable<string> names = ranks.Gather(Encoding.UTF8.GetBytes(Environment.MachineName)).Select(name => Encoding.UTF8.GetString(name));
        return string.Join(", ", names.CountBy(name => name).Select(pair => $"{pair.Value} on {pair.Key}"));
    }
}
