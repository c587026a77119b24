namespace TorchSharp;

/// <summary>What happened to the tensors created on one thread.</summary>
public class ThreadDisposeScopeStatistics
{
    public long CreatedOutsideScopeCount { get; internal set; }
    public long CreatedInScopeCount { get; internal set; }
    public long DisposedInScopeCount { get; internal set; }
    public long DetachedFromScopeCount { get; internal set; }

    /// <summary>Created in a scope, and neither disposed nor detached yet.</summary>
    public long ThreadTotalLiveCount => CreatedInScopeCount - DisposedInScopeCount - DetachedFromScopeCount;

    public void Reset() => (CreatedOutsideScopeCount, CreatedInScopeCount, DisposedInScopeCount, DetachedFromScopeCount) = (0, 0, 0, 0);
}
