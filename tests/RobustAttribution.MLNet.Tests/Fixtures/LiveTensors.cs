using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>How many tensors are alive, once the garbage of the past is gone.</summary>
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
