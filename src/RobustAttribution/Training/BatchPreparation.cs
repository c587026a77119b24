using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Converts batches of a source for a network.</summary>
internal static class BatchPreparation
{
    /// <summary>The batch on the network's device and in its type; uint8 is divided by 255 there.</summary>
    /// <remarks>
    /// For a GPU the values are checked before they are moved: to read the result of a check there is to wait for all that the GPU has to do.
    /// </remarks>
    /// <param name="batch">The batch; stays as it is.</param>
    /// <param name="network">The network.</param>
    /// <param name="augmentation">Applied to the images before their shape is checked; null for none.</param>
    /// <param name="generator">What the augmentation draws from.</param>
    /// <returns>Tensors of the current dispose scope.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network, or has a class that the network lacks.</exception>
    public static (Tensor Images, Tensor Classes) ToNetwork(
        ImageBatch batch, ImageNetwork network, Augmentation? augmentation = null, Generator? generator = null)
    {
        bool isMoved = network.Device.type != DeviceType.CPU
            && (batch.Images.device_type, batch.Classes.device_type) == (DeviceType.CPU, DeviceType.CPU)
            && augmentation?.KeepsRange != false;
        if (isMoved)
        {
            network.CheckValues(batch.Images, batch.Classes);
        }

        Tensor images = Upload.To(network.Device, batch.Images).to(network.DataType);
        Tensor classes = Upload.To(network.Device, batch.Classes);
        if (batch.Images.dtype == ScalarType.Byte)
        {
            images = images / 255;
        }

        images = augmentation is null ? images : augmentation.Apply(images, generator!);
        if (isMoved)
        {
            network.CheckShapes(images, classes);
        }
        else
        {
            network.CheckBatch(images, classes);
        }

        return (images, classes);
    }

    /// <summary>A source in its own order, batch by batch; each batch is freed when the next one is asked for.</summary>
    public static IEnumerable<(Tensor Images, Tensor Classes)> Read(
        ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken, int firstBatch = 0, int? batches = null)
    {
        Require.InRange(batchSize, 1, name: nameof(batchSize));
        foreach (ImageBatch batch in Require.NotNull(source, nameof(source)).Read(batchSize, null, firstBatch).Take(batches ?? int.MaxValue))
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
