using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Converts batches of a source for a network.</summary>
internal static class BatchPreparation
{
    /// <summary>The batch on the network's device and in its type; uint8 is divided by 255 there.</summary>
    /// <param name="batch">The batch; stays as it is.</param>
    /// <param name="network">The network.</param>
    /// <param name="change">Applied to the images before their shape is checked; null for no change.</param>
    /// <returns>Tensors of the current dispose scope.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network, or has a class that the network lacks.</exception>
    public static (Tensor Images, Tensor Classes) ToNetwork(ImageBatch batch, ImageNetwork network, Func<Tensor, Tensor>? change = null)
    {
        Tensor images = batch.Images.to(network.Device).to(network.DataType);
        Tensor classes = batch.Classes.to(network.Device);
        if (batch.Images.dtype == ScalarType.Byte)
        {
            images = images / 255;
        }

        images = change is null ? images : change(images);
        network.CheckBatch(images, classes);
        return (images, classes);
    }

    /// <summary>A whole source in its own order, batch by batch; each batch is freed when the next one is asked for.</summary>
    public static IEnumerable<(Tensor Images, Tensor Classes)> Read(
        ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken)
    {
        Require.InRange(batchSize, 1, name: nameof(batchSize));
        foreach (ImageBatch batch in Require.NotNull(source, nameof(source)).Read(batchSize))
        {
            using (batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (Tensor images, Tensor classes) = Owned(batch, network);
                using (images)
                using (classes)
                {
                    yield return (images, classes);
                }
            }
        }
    }

    private static (Tensor Images, Tensor Classes) Owned(ImageBatch batch, ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = ToNetwork(batch, network);
        return (images.MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }
}
