using System.Diagnostics;

namespace RobustAttribution.Distributed.Tests;

/// <summary>Two hosts on one machine: network namespaces with an address each and a cable between them. Needs root and iproute2.</summary>
internal sealed class TwoHosts : IDisposable
{
    private static readonly string[] Names = [$"ra-{Environment.ProcessId}-a", $"ra-{Environment.ProcessId}-b"];
    private readonly TemporaryFolder folder = new();

    private TwoHosts()
    {
    }

    /// <summary>Makes them. Inconclusive where that may not be done.</summary>
    public static TwoHosts Make()
    {
        if (!Environment.IsPrivilegedProcess || MpiJob.Find("ip") is null || MpiJob.Find("unshare") is null || MpiJob.Find("mpirun") is null)
        {
            Assert.Inconclusive("Two hosts need root, ip, unshare and mpirun.");
        }

        var hosts = new TwoHosts();
        try
        {
            Array.ForEach(Names, name => Ip("netns", "add", name));
            Ip("link", "add", "ra-0", "netns", Names[0], "type", "veth", "peer", "name", "ra-1", "netns", Names[1]);
            for (int i = 0; i < Names.Length; i++)
            {
                Ip("-n", Names[i], "addr", "add", $"10.77.0.{i + 1}/24", "dev", $"ra-{i}");
                Ip("-n", Names[i], "link", "set", $"ra-{i}", "up");
                Ip("-n", Names[i], "link", "set", "lo", "up");
            }

            // Open MPI calls it as it would call ssh: host, command.
            File.WriteAllText(hosts.Agent, $"shift\nexec unshare --uts sh -c 'hostname host-b; exec ip netns exec {Names[1]} sh -c \"$0\"' \"$*\"\n");
            return hosts;
        }
        catch (AssertInconclusiveException)
        {
            hosts.Dispose();
            throw;
        }
    }

    private string Agent => Path.Combine(folder.Path, "agent");

    /// <summary>Runs a job of one rank on each host to its end, which must be a good one; they have nothing but the cable.</summary>
    public string Run(params string[] arguments)
    {
        using MpiJob job = MpiJob.Start(
            "ip",
            [
                "netns", "exec", Names[0], "mpirun", "--allow-run-as-root", "--mca", "plm_rsh_agent", $"sh {Agent}", "--mca", "btl", "tcp,self",
                "--mca", "btl_tcp_if_include", "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24", "--host", "10.77.0.1:1,10.77.0.2:1",
                "-x", "OMP_NUM_THREADS", "-np", "2", "dotnet", MpiJob.Assembly, .. arguments,
            ]);
        Assert.AreEqual(0, job.Wait(), job.Output);
        return job.Output;
    }

    public void Dispose()
    {
        Array.ForEach(Names, name => Process.Start("ip", ["netns", "del", name]).WaitForExit());
        folder.Dispose();
    }

    private static void Ip(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Assert.Inconclusive($"Network namespaces cannot be made here: ip {string.Join(' ', arguments)}: {error}");
        }
    }
}
