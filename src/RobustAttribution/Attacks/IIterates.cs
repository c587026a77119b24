using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>Receives what a walk comes past.</summary>
internal interface IIterates
{
    /// <summary>Receives the next iterate of all images.</summary>
    void Add(Iterate iterate);

    /// <summary>Takes note of the images that have a direction to go.</summary>
    /// <param name="gradient">[N,C,H,W], of the objective.</param>
    void AddDirection(Tensor gradient);
}

/// <summary>One iterate of all images of a walk.</summary>
/// <param name="Images">[N,C,H,W].</param>
/// <param name="Gain">[N], higher is better; NaN never counts.</param>
/// <param name="Logits">[N,K]; null where the prediction need not be kept.</param>
/// <param name="View">The images through the true network; only those that are not finished.</param>
/// <param name="Step">How many steps were made.</param>
/// <param name="Counts">Whether the iterate makes its images valid: not the images themselves.</param>
internal readonly record struct Iterate(Tensor Images, Tensor Gain, Tensor? Logits, NetworkView View, int Step, bool Counts);
