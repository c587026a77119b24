using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>
/// A dispose scope outside of <see cref="InferenceMode"/> that also keeps the caller's objects alive, which may be temporary: TorchSharp passes on
/// their memory alone.
/// </summary>
internal sealed class Scope : IDisposable
{
    private readonly IDisposable? mode = InferenceMode.Leave();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly object?[] held;

    private Scope(object?[] held) => this.held = held;

    /// <summary>A new dispose scope; the objects live until it ends.</summary>
    public static Scope Holding(params object?[] held) => new(held);

    /// <summary>Ends the dispose scope.</summary>
    public void Dispose()
    {
        scope.Dispose();
        mode?.Dispose();
        GC.KeepAlive(held);
    }
}
