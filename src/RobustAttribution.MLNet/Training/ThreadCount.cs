using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>Another number of libtorch's CPU threads until it is disposed of.</summary>
internal sealed class ThreadCount : IDisposable
{
    private readonly int? former;

    /// <param name="count">The number; null changes nothing.</param>
    public ThreadCount(int? count)
    {
        if (count is int wanted)
        {
            former = get_num_threads();
            set_num_threads(wanted);
        }
    }

    public void Dispose()
    {
        if (former is int count)
        {
            set_num_threads(count);
        }
    }
}
