using System.Diagnostics;

namespace RobustAttribution.Distributed.Tests;

/// <summary>Jobs that mpirun starts: what ranks exchange, and how a job ends.</summary>
[TestClass]
public sealed class MpiCommunicatorTests
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(20); // on a machine that does much else

    [TestMethod]
    public void SumsBroadcastsAndGathersAreRightOnThreeRanks()
    {
        using var folder = new TemporaryFolder();

        MpiJob.Run(3, "sums", folder.Path);

        for (int rank = 0; rank < 3; rank++)
        {
            Assert.AreEqual("3", File.ReadAllText(Path.Combine(folder.Path, $"rank{rank}")).Trim());
        }
    }

    [TestMethod]
    public void ARankThatThrowsEndsTheJobWithItsMessage()
    {
        using MpiJob job = MpiJob.Start(2, "throw", "1");
        var clock = Stopwatch.StartNew();

        Assert.AreNotEqual(0, job.Wait());

        Assert.IsLessThan(Seconds, clock.Elapsed);
        Assert.Contains("Rank 1 of 2 failed: System.InvalidOperationException: broken on purpose", job.Output);
        Assert.Contains("Rank 1 of 2 ends the job.", job.Output);
    }

    [TestMethod]
    public void ARankThatReturnsAnErrorEndsTheJob()
    {
        using MpiJob job = MpiJob.Start(2, "return", "3");

        Assert.AreEqual(3, job.Wait());

        Assert.Contains("Rank 1 of 2 returned 3.", job.Output);
    }

    [TestMethod]
    public void OnTwoHostsEachHasALocalRankOfZero()
    {
        using TwoHosts hosts = TwoHosts.Make();

        string output = hosts.Run("say-where");

        Assert.MatchesRegex("rank 0 of 2 over .*; local rank 0 on (?!host-b)", output);
        Assert.MatchesRegex("rank 1 of 2 over .*; local rank 0 on host-b", output);
    }

    [TestMethod]
    public void WithoutMpirunThereIsOneRank()
    {
        using MpiJob job = MpiJob.Start("dotnet", [MpiJob.Assembly, "say-where"]);
        int code = job.Wait();
        if (job.Output.Contains("No MPI library is found", StringComparison.Ordinal))
        {
            Assert.Inconclusive("There is no MPI library.");
        }

        Assert.AreEqual(0, code, job.Output);
        Assert.MatchesRegex(@"rank 0 of 1 over .*, which is (not )?CUDA-aware", job.Output.Trim());
    }

    [TestMethod]
    public void TasksThatTheLibraryDoesNotKnowOfAreAnError()
    {
        using MpiJob job = MpiJob.Start("dotnet", [MpiJob.Assembly, "say-where"], ("SLURM_STEP_NUM_TASKS", "2"));
        int code = job.Wait();
        if (job.Output.Contains("No MPI library is found", StringComparison.Ordinal))
        {
            Assert.Inconclusive("There is no MPI library.");
        }

        Assert.AreNotEqual(0, code, job.Output);
        Assert.Contains("SLURM_STEP_NUM_TASKS is 2", job.Output);
    }

    [TestMethod]
    public void AMissingLibraryIsAnErrorThatSaysWhatToInstall()
    {
        DllNotFoundException error = Assert.ThrowsExactly<DllNotFoundException>(() => MpiLibrary.Load("libmpi.so.nobody-has"));

        Assert.Contains("apt-get install openmpi-bin", error.Message);
        Assert.Contains("libmpi.so.nobody-has", error.Message);
    }

    [TestMethod]
    public void ALibraryThatIsNoMpiIsAnError()
    {
        EntryPointNotFoundException error = Assert.ThrowsExactly<EntryPointNotFoundException>(() => MpiLibrary.Load("libc.so.6"));

        Assert.Contains("libc.so.6 has no MPI_", error.Message);
    }
}
