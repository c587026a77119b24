using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>Sets the number of libtorch's CPU threads until it is disposed of, on the same thread.</summary>
/// <remarks>Several at once, on different threads, each have theirs; each of them restores the number from before the first.</remarks>
internal sealed class ThreadCount : IDisposable
{
    private static readonly Lock Guard = new();
    private static int active;
    private static int former;
    private bool ended;

    /// <param name="count">The number; null changes nothing.</param>
    public ThreadCount(int? count)
    {
        if (count is not int wanted)
        {
            ended = true;
            return;
        }

        lock (Guard)
        {
            former = active++ == 0 ? get_num_threads() : former;
            set_num_threads(wanted);
        }
    }

    public void Dispose()
    {
        if (!ended)
        {
            ended = true;
            lock (Guard)
            {
                active--;
                set_num_threads(former);
            }
        }
    }
}
