namespace RobustAttribution.Benchmarks;

/// <summary>How much is trained: the same for every method.</summary>
/// <param name="Name">Part of the models' names.</param>
/// <param name="Images">Training images.</param>
/// <param name="Epochs">Passes over them.</param>
internal sealed record Setting(string Name, int Images, int Epochs)
{
    public static IReadOnlyList<Setting> All { get; } = [new("short", 12_000, 8), new("long", 58_000, 20)];
}
