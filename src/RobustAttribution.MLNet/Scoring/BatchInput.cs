using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A batch that the columns of a <see cref="ColumnList"/> are computed from.</summary>
/// <param name="Handle">How images reach the network, and what its classes are called.</param>
/// <param name="Network">The network; nobody else uses it meanwhile.</param>
/// <param name="Images">[N,C,H,W] in [0, 1], of the network's type, on its device.</param>
/// <param name="Classes">[N], int64, on its device: the label column's classes, −1 where missing; null where the transform reads none.</param>
/// <param name="Wanted">Whether each column of the list will be asked for.</param>
internal sealed record BatchInput(NetworkHandle Handle, ImageNetwork Network, Tensor Images, Tensor? Classes, IReadOnlyList<bool> Wanted)
{
    /// <summary>[N], int64: the classes that the network predicts for images.</summary>
    public Tensor Predict(Tensor images)
    {
        using IDisposable mode = no_grad();
        return Network.Logits(images).argmax(1);
    }

    /// <summary>Images in the range that the model was trained on.</summary>
    public Tensor ToPixelScale(Tensor images) => images * (Handle.Images.PixelScale == PixelScale.Bytes ? 255 : 1);
}
