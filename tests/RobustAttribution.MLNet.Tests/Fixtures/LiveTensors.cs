using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>How many tensors are alive, once the garbage of the past is gone.</summary>
/// <remarks>
/// TorchSharp 0.107 counts one too many for each <see cref="TorchSharp.Modules.Parameter"/> ever made, those of its own layers too: the tensor that it
/// is made of hands over its native tensor, and is never counted down.
/// </remarks>
internal static class LiveTensors
{
    public static long Count()
    {
        for (int i = 0; i < 3; i++) // what a finalizer frees may need one itself
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return torch.Tensor.TotalCount;
    }
}
