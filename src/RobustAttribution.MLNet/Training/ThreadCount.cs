using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>The number of libtorch's CPU threads during a training.</summary>
internal static class ThreadCount
{
    private static readonly Lock Guard = new();

    /// <summary>Sets the number of the current thread until the result is disposed of, on the same thread; null changes nothing.</summary>
    public static IDisposable Set(int? count)
    {
        if (count is not int wanted)
        {
            return new Undo(null);
        }

        lock (Guard) // a thread that meets libtorch while another's number is being set would begin with that
        {
            int former = get_num_threads();
            SetHere(wanted);
            return new Undo(() => SetHere(former));
        }
    }

    /// <summary>Lets the current thread begin with its own number, before its first computation and while no other's is being set.</summary>
    public static void Begin()
    {
        lock (Guard)
        {
            get_num_threads();
        }
    }

    // Each thread has a number. A call sets that of its thread, and the one that every thread begins with and keeps: of a server's requests, say.
    private static void SetHere(int count)
    {
        lock (Guard)
        {
            int beginners = 0;
            OnNewThread(() => beginners = get_num_threads());
            set_num_threads(count);
            OnNewThread(() => set_num_threads(beginners));
        }
    }

    private static void OnNewThread(ThreadStart action)
    {
        var thread = new Thread(action);
        thread.Start();
        thread.Join();
    }
}
