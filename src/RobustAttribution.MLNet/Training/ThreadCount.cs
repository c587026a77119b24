using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>The number of libtorch's CPU threads during a training.</summary>
internal static class ThreadCount
{
    private static readonly Lock Guard = new();
    private static int active;
    private static int former;

    /// <summary>Sets the number until the result is disposed of, on the same thread; null changes nothing.</summary>
    /// <remarks>Several at once, on different threads, each have theirs; each of them restores the number from before the first.</remarks>
    public static IDisposable Set(int? count)
    {
        if (count is not int wanted)
        {
            return new Undo(null);
        }

        lock (Guard)
        {
            former = active++ == 0 ? get_num_threads() : former;
            set_num_threads(wanted);
        }

        return new Undo(() =>
        {
            lock (Guard)
            {
                active--;
                set_num_threads(former);
            }
        });
    }
}
