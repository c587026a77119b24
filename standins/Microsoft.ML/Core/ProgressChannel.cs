namespace Microsoft.ML.Runtime;

/// <summary>
/// A progress channel that nobody listens to: in the originals, too, <see cref="MLContext"/> has no way to subscribe to progress.
/// What it does keep is the originals' checks.
/// </summary>
internal sealed class ProgressChannel(IExceptionContext ectx, string name) : IProgressChannel
{
    private ProgressHeader _header = new();
    private bool _disposed;

    public string Name { get; } = name;

    public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction) => _header = header;

    public void Checkpoint(params double?[] values)
    {
        ectx.Check(!_disposed, "Can't report checkpoints after disposing");
        int room = _header.MetricNames.Count + (2 * _header.UnitNames.Count);
        ectx.Check((values?.Length ?? 0) <= room, "Too many values provided in Checkpoint");
    }

    public IProgressChannel StartProgressChannel(string name) => new ProgressChannel(ectx, name);

    public void Dispose() => _disposed = true;
}
