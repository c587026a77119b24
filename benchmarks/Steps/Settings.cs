using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What to compare.</summary>
/// <param name="Batch">Images in each step; null for the usual number.</param>
internal sealed record Settings(
    IReadOnlyList<NetworkCase> Networks,
    IReadOnlyList<ObjectiveCase> Objectives,
    IReadOnlyList<int> Threads,
    int? Batch,
    int Repeats,
    string DeviceName,
    IReadOnlyList<Precision> Precisions,
    bool IsQuick)
{
    public Device Device { get; } = device(DeviceName);

    public int BatchFor(NetworkCase network) => Batch ?? (!IsQuick ? 128 : network.Name == "resnet18" ? 2 : 16);

    public Setup For(NetworkCase network, ObjectiveCase objective, Precision precision) => new(network, objective, BatchFor(network), Device, precision);

    /// <summary>The arguments that make the same setup in a child process.</summary>
    public IEnumerable<string> Arguments(Setup setup, int threads) =>
    [
        "--networks", setup.Network.Name, "--only", setup.Objective.Name, "--threads", $"{threads}", "--batch", $"{setup.Batch}",
        "--device", DeviceName, "--precision", $"{setup.Precision}",
    ];
}
