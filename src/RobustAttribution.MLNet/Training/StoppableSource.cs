using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Hands on the cancellation of the ML.NET context to the trainer, which knows a token only.</summary>
internal sealed class StoppableSource(IHostEnvironment env, IImageBatchSource source, CancellationTokenSource stop) : IImageBatchSource
{
    public long Count => source.Count;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        foreach (ImageBatch batch in source.Read(batchSize, shuffleSeed, firstBatch))
        {
            try
            {
                HostSettings.CheckAlive(env);
            }
            catch (OperationCanceledException)
            {
                stop.Cancel(); // the trainer ends as its options say, before it uses this batch
            }

            yield return batch;
        }
    }
}
