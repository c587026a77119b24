using RobustAttribution.Training;

namespace RobustAttribution.Benchmarks;

/// <summary>How much is trained: the same for every method.</summary>
/// <param name="Name">Part of the models' names.</param>
/// <param name="Images">Training images.</param>
/// <param name="Epochs">Passes over them.</param>
/// <param name="Precision">The type in which a step computes (benchmarks/results/precision.md: the same figures within the spread of seeds).</param>
internal sealed record Setting(string Name, int Images, int Epochs, Precision Precision)
{
    public static IReadOnlyList<Setting> All { get; } =
        [new("short", 12_000, 8, Precision.BFloat16), new("long", 58_000, 20, Precision.Float32)];
}
