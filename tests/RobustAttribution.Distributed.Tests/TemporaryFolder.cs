namespace RobustAttribution.Distributed.Tests;

/// <summary>An empty folder that is deleted afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("robustattribution-mpi-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
