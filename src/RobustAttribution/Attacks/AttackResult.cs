using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>What an attack found. Owns its tensors.</summary>
/// <param name="images">See <see cref="Images"/>.</param>
/// <param name="valid">See <see cref="Valid"/>.</param>
/// <param name="gain">See <see cref="Gain"/>.</param>
/// <param name="improved">See <see cref="Improved"/>.</param>
public sealed class AttackResult(Tensor images, Tensor valid, Tensor gain, Tensor? improved = null) : IDisposable
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

    /// <summary>
    /// [N], bool: whether a step found the image, false where it is the one that a walk began at (the image itself or a random draw); null for an
    /// attack that does not say, of which only an image that comes back as it was counts as not improved.
    /// </summary>
    public Tensor? Improved { get; } = improved;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Valid.Dispose();
        Gain.Dispose();
        Improved?.Dispose();
    }
}
