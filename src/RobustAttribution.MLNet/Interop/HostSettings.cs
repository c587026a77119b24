using Microsoft.ML.Runtime;

namespace RobustAttribution.MLNet.Interop;

/// <summary>What the user set on <see cref="Microsoft.ML.MLContext"/>.</summary>
internal static class HostSettings
{
    /// <summary>Throws <see cref="OperationCanceledException"/> once the context is cancelled.</summary>
    public static void CheckAlive(IHostEnvironment env) => Contracts.CheckAlive(env);

    /// <summary>The context's seed; null where none was given.</summary>
    public static int? Seed(IHostEnvironment env) => (env as IHostEnvironmentInternal)?.Seed;

    /// <summary>The index of the GPU to compute on; null for the CPU.</summary>
    public static int? GpuDeviceId(IHostEnvironment env) => (env as IHostEnvironmentInternal)?.GpuDeviceId;

    /// <summary>Whether the CPU will do where that GPU is missing.</summary>
    public static bool FallbackToCpu(IHostEnvironment env) => (env as IHostEnvironmentInternal)?.FallbackToCpu ?? false;
}
