using RobustAttribution.Tests.Training;

namespace RobustAttribution.Tests;

/// <summary>What this assembly does when a test starts it as a process of its own.</summary>
internal static class Program
{
    public static int Main(string[] arguments) => arguments switch
    {
        [nameof(CheckpointTests), string folder] => CheckpointTests.RunChild(folder),
        _ => throw new ArgumentException($"Unknown task: {string.Join(' ', arguments)}."),
    };
}
