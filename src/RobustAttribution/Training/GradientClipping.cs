using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Clipping by the norm of all gradients together (Pascanu et al. 2013, algorithm 1; the 1e-6 is PyTorch's).</summary>
internal static class GradientClipping
{
    /// <summary>What every gradient is multiplied by: min(1, limit/(norm + 1e-6)), computed on the device.</summary>
    /// <returns>A scalar of the current dispose scope; null without gradients.</returns>
    public static Tensor? Scale(IEnumerable<Tensor> gradients, double limit)
    {
        Tensor[] squares = [.. gradients.Select(gradient => gradient.square().sum())];
        return squares.Length == 0 ? null : (limit / (stack(squares).sum().sqrt() + 1e-6)).clamp_max(1);
    }
}
