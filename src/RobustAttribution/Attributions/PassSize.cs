using RobustAttribution.Networks;
using TorchSharp;

namespace RobustAttribution.Attributions;

/// <summary>How many images a pass of several variants of each image has, from a memory budget.</summary>
internal static class PassSize
{
    public const long DefaultBudget = 512L << 20;

    // Tensors of 32 MiB and more come from the system each time, as pages to be cleared. IG-50 of an image of 3×32×32, small network, one thread:
    // 13 ms in passes of 16 to 128 images, 18 ms of 256, 22 ms of 512.
    private const int MostImagesOnCpu = 64;

    /// <summary>Images in one pass, at least 1.</summary>
    public static long Images(ImageNetwork network, long memoryBudget, bool createGraph)
    {
        // Values and gradients of every layer; a graph of the gradients doubles both.
        long bytesPerImage = network.ActivationBytesPerImage * (createGraph ? 4 : 2);
        return Math.Clamp(memoryBudget / bytesPerImage, 1, network.Device.type == DeviceType.CPU ? MostImagesOnCpu : int.MaxValue);
    }
}
