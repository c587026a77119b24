using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>The device that <c>MLContext.GpuDeviceId</c> and <c>FallbackToCpu</c> ask for.</summary>
internal static class DeviceChoice
{
    /// <summary>The device to compute on: the CPU unless a GPU was asked for.</summary>
    /// <param name="env">Where the user's choice is.</param>
    /// <param name="warn">Called with the message that the CPU is used instead.</param>
    /// <param name="localRank">
    /// Of the ranks on this machine, each takes the GPU so many after the one asked for, and after the last one the first.
    /// </param>
    /// <exception cref="InvalidOperationException">The GPU asked for is missing and falling back is not allowed.</exception>
    public static Device Resolve(IHostEnvironment env, Action<string> warn, int localRank = 0)
    {
        int? wanted = HostSettings.GpuDeviceId(env);
        int present = cuda.is_available() ? cuda.device_count() : 0;
        return wanted is not null && Choose(wanted.Value, present, HostSettings.FallbackToCpu(env), warn) is int index
            ? device(DeviceType.CUDA, (index + localRank) % present)
            : CPU;
    }

    /// <summary>The index of the GPU to compute on; null for the CPU.</summary>
    /// <param name="wanted">The index of the user.</param>
    /// <param name="present">The number of GPUs.</param>
    /// <param name="fallBack">Whether the CPU may be used instead.</param>
    /// <param name="warn">Called with the message that it is.</param>
    /// <exception cref="InvalidOperationException">There is no such GPU and falling back is not allowed.</exception>
    public static int? Choose(int wanted, int present, bool fallBack, Action<string> warn)
    {
        if (wanted >= 0 && wanted < present)
        {
            return wanted;
        }

        string gpus = present switch { 0 => "no usable GPU", 1 => "only the GPU 0", _ => $"the GPUs 0 to {present - 1}" };
        string problem = $"GpuDeviceId is {wanted}; this machine has {gpus}.";
        if (!fallBack)
        {
            throw new InvalidOperationException($"{problem} Choose another one, or set MLContext.FallbackToCpu = true to compute on the CPU then.");
        }

        warn($"{problem} Computing on the CPU.");
        return null;
    }
}
