using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>Moves tensors to a device, to a GPU without waiting for it.</summary>
internal static class Upload
{
    /// <summary>The tensor on a device; another handle of it where it is there.</summary>
    /// <remarks>
    /// A copy out of memory that can be paged out waits for all that the GPU has to do; out of pinned memory it takes its turn. libtorch gives such
    /// memory to nobody else before the copy is done, also where it is freed at once.
    /// </remarks>
    public static Tensor To(Device device, Tensor tensor)
    {
        if (device.type != DeviceType.CUDA || tensor.device_type != DeviceType.CPU)
        {
            return tensor.to(device);
        }

        using Tensor pinned = tensor.pin_memory();
        return pinned.to(device, non_blocking: true);
    }
}
