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
    /// <param name="warn">Takes the message that the CPU stands in.</param>
    /// <exception cref="InvalidOperationException">The GPU asked for is missing and falling back is not allowed.</exception>
    public static Device Resolve(IHostEnvironment env, Action<string> warn)
    {
        int? wanted = HostSettings.GpuDeviceId(env);
        if (wanted is not int index)
        {
            return CPU;
        }

        int present = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= 0 && index < present)
        {
            return device(DeviceType.CUDA, index);
        }

        string problem = $"GpuDeviceId is {index}; this machine has {(present == 0 ? "no usable GPU" : $"the GPUs 0 to {present - 1}")}.";
        if (!HostSettings.FallbackToCpu(env))
        {
            throw new InvalidOperationException($"{problem} Choose another one, or set MLContext.FallbackToCpu = true to compute on the CPU then.");
        }

        warn($"{problem} Computing on the CPU.");
        return CPU;
    }
}
