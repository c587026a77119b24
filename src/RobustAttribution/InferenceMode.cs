using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>Leaves torch.inference_mode(), in which nothing can be differentiated and whose tensors no graph can keep.</summary>
internal static class InferenceMode
{
    /// <summary>Until the result is disposed, on the same thread, a caller's inference mode is no_grad; null where there is none.</summary>
    public static IDisposable? Leave()
    {
        if (!is_inference_mode_enabled())
        {
            return null;
        }

        IDisposable left = inference_mode(false), gradients = no_grad(); // the first records gradients
        return new Undo(() =>
        {
            gradients.Dispose();
            left.Dispose();
        });
    }
}
