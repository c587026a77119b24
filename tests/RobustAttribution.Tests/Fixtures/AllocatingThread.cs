using System.Diagnostics;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>
/// A thread that allocates 300 MB/s in blocks of 16 kB until disposed, as a busy web host does, and collects after every megabyte: how often the
/// runtime itself does depends on the processor's caches.
/// </summary>
internal sealed class AllocatingThread : IDisposable
{
    private const int BlockBytes = 16 * 1024, BytesPerCollection = 1024 * 1024, BytesPerSecond = 300_000_000;
    private readonly Thread thread;
    private readonly int collectionsBefore = GC.CollectionCount(0);
    private volatile bool stopped;
    private byte[]? last;

    public AllocatingThread()
    {
        thread = new Thread(Allocate) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Collections since the thread began.</summary>
    public int Collections => GC.CollectionCount(0) - collectionsBefore;

    public void Dispose()
    {
        stopped = true;
        thread.Join();
    }

    private void Allocate()
    {
        var clock = Stopwatch.StartNew();
        for (long allocated = 0; !stopped; allocated += BlockBytes)
        {
            last = new byte[BlockBytes];
            last[^1] = 1;
            if (allocated % BytesPerCollection == 0)
            {
                GC.Collect(0);
            }

            if (allocated > clock.Elapsed.TotalSeconds * BytesPerSecond)
            {
                Thread.Sleep(1);
            }
        }
    }
}
