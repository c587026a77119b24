using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Cancels a training with the ML.NET context, which the trainer does not know.</summary>
/// <param name="env">The context.</param>
/// <param name="source">The images.</param>
/// <param name="stop">Cancelled with the context, so that the trainer ends as its options say.</param>
internal sealed class StoppableSource(IHostEnvironment env, IImageBatchSource source, CancellationTokenSource stop) : IImageBatchSource
{
    public long Count => source.Count;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        using IEnumerator<ImageBatch> batches = source.Read(batchSize, shuffleSeed, firstBatch).GetEnumerator();
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
