using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Gpu;

/// <summary>
/// The device of the fixtures' networks and images: the CPU, or what the environment variable ROBUSTATTRIBUTION_TEST_DEVICE names ("cuda", "cuda:1").
/// eng/gpu.runsettings sets it for the tests of the category "Gpu".
/// </summary>
internal static class TestDevice
{
    private static readonly string Name = Environment.GetEnvironmentVariable("ROBUSTATTRIBUTION_TEST_DEVICE") is { Length: > 0 } name ? name : "cpu";
    private static readonly Lazy<Device?> Chosen = new(Choose);

    /// <summary>The device; inconclusive where this machine has none such.</summary>
    public static Device Current
        => Chosen.Value ?? throw new AssertInconclusiveException($"No test can run on {Name}: libtorch finds no GPU here.");

    /// <summary>Inconclusive on a GPU, where some operations add in no fixed order: only the CPU repeats bit for bit.</summary>
    public static void RequireRepeatable()
    {
        if (Current.type == DeviceType.CUDA)
        {
            Assert.Inconclusive($"{Current} does not repeat bit for bit.");
        }
    }

    private static Device? Choose()
    {
        if (!Name.StartsWith("cuda", StringComparison.OrdinalIgnoreCase))
        {
            return device(Name);
        }

        if (!cuda.is_available())
        {
            return null;
        }

        // The tolerances are those of float32, not of the 10 bits that convolutions keep by default.
        backends.cuda.matmul.allow_tf32 = false;
        backends.cudnn.allow_tf32 = false;
        return device(Name);
    }
}
