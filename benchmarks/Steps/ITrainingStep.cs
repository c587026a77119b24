namespace RobustAttribution.Benchmarks.Steps;

/// <summary>One training step that can be repeated.</summary>
internal interface ITrainingStep : IDisposable
{
    /// <summary>The loss of the latest step.</summary>
    double Loss { get; }

    /// <summary>Trains on the batch once more.</summary>
    /// <returns>What the step cost.</returns>
    Cost Run();
}
