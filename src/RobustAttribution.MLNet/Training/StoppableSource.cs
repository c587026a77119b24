using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Cancels a training with the ML.NET context, which the trainer does not know.</summary>
/// <param name="env">The context.</param>
/// <param name="source">The images.</param>
/// <param name="stop">Cancelled with the context, so that the trainer ends as its options say.</param>
internal sealed class StoppableSource(IHostEnvironment env, IImageBatchSource source, CancellationTokenSource stop) : ISharedImages
{
    public long Count => source.Count;

    public bool IsInMemory => source is ISharedImages { IsInMemory: true };

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
        => Stoppable(source.Read(batchSize, shuffleSeed, firstBatch));

    public IEnumerable<SharedBatch> ReadShares(ICommunicator communicator, int batchSize, long? shuffleSeed, int firstBatch)
        => Stoppable(source.ReadShares(communicator, batchSize, shuffleSeed, firstBatch));

    private IEnumerable<T> Stoppable<T>(IEnumerable<T> read)
    {
        using IEnumerator<T> batches = read.GetEnumerator();
        while (MoveNext())
        {
            yield return batches.Current;
        }

        bool MoveNext()
        {
            try
            {
                HostSettings.CheckAlive(env);
                return batches.MoveNext();
            }
            catch (OperationCanceledException)
            {
                stop.Cancel();
                throw;
            }
        }
    }
}
