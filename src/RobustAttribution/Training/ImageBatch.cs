using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Images with their classes. Owns its tensors.</summary>
public sealed class ImageBatch(Tensor images, Tensor classes) : IDisposable
{
    /// <summary>[N,C,H,W]: float in [0, 1], or uint8 in 0…255, which the trainer divides by 255 on the network's device.</summary>
    public Tensor Images { get; } = images;

    /// <summary>[N], int64.</summary>
    public Tensor Classes { get; } = classes;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Classes.Dispose();
    }
}
