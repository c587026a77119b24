using RobustAttribution.Distributed;

namespace RobustAttribution.Distributed.Tests;

/// <summary>What runs when this assembly is started as a program: one rank of a job.</summary>
internal static class Program
{
    public static int Main(string[] arguments) => arguments is ["how-to", string model] ? DistributedSnippets.Train(model) : MpiCommunicator.Run(ranks => arguments switch
    {
        ["say-where"] => Write($"{ranks}; local rank {ranks.LocalRank} on {Environment.MachineName}"),
        ["throw", string rank] => ThrowOn(int.Parse(rank, System.Globalization.CultureInfo.InvariantCulture), ranks),
        ["return", string code] => ranks.Rank == 1 ? int.Parse(code, System.Globalization.CultureInfo.InvariantCulture) : Wait(ranks),
        ["sums", string folder] => Sums.Run(ranks, folder),
        ["train", string folder] => TrainingJob.TrainAll(ranks, folder),
        ["interrupted", string folder, string checkpoints, string pause] => TrainingJob.TrainInterrupted(
            ranks, folder, checkpoints, int.Parse(pause, System.Globalization.CultureInfo.InvariantCulture)),
        _ => 64,
    });

    private static int Write(string line)
    {
        Console.WriteLine(line);
        return 0;
    }

    private static int ThrowOn(int rank, MpiCommunicator ranks)
    {
        try
        {
            _ = ((string?)Environment.GetEnvironmentVariable("there is no such variable"))!.Length;
        }
        catch (NullReferenceException) // .NET's own use of a signal that MPI libraries also catch
        {
        }

        return ranks.Rank == rank ? throw new InvalidOperationException("broken on purpose") : Wait(ranks);
    }

    private static int Wait(MpiCommunicator ranks)
    {
        ranks.Barrier();
        return 0;
    }
}
