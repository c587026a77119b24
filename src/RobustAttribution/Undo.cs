using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>Undoes something once.</summary>
internal sealed class Undo(Action? action) : IDisposable
{
    /// <summary>Undoes several things, the last one first.</summary>
    public static Undo All(IEnumerable<IDisposable> parts)
    {
        IDisposable[] reversed = [.. parts.Reverse()];
        return new Undo(() => Array.ForEach(reversed, part => part.Dispose()));
    }

    public void Dispose() => Interlocked.Exchange(ref action, null)?.Invoke();
}

/// <summary>Tensors that hooks keep.</summary>
internal static class KeptTensors
{
    /// <summary>Moves a tensor to a scope that outlives those within the network.</summary>
    public static Tensor KeptIn(this Tensor tensor, DisposeScope scope)
    {
        scope.Attach(tensor);
        return tensor;
    }
}
