namespace RobustAttribution.Networks;

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
