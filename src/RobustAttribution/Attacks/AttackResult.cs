using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>What an attack found. Owns its tensors.</summary>
public sealed class AttackResult(Tensor images, Tensor valid, Tensor gain) : IDisposable
{
    /// <summary>
    /// [N,C,H,W]: the best iterate of each image that keeps the prediction where the attack must keep it, the image itself where there is none.
    /// Inside ball and bounds.
    /// </summary>
    public Tensor Images { get; } = images;

    /// <summary>
    /// [N], bool: whether the image was attacked: an iterate was found that keeps the prediction where the attack must keep it, and the objective
    /// had a
    /// gradient, not 0 at every step (as it is on a ReLU network without <see cref="AttributionAttack.Surrogate"/>).
    /// </summary>
    public Tensor Valid { get; } = valid;

    /// <summary>
    /// [N], float64: the attack's objective at <see cref="Images"/>, higher is a stronger attack; NaN where <see cref="Valid"/> is false.
    /// </summary>
    public Tensor Gain { get; } = gain;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Valid.Dispose();
        Gain.Dispose();
    }
}
