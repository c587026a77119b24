namespace RobustAttribution.Attacks;

/// <summary>The same images through both networks of an attack; one object twice where there is no surrogate.</summary>
/// <param name="Search">Through the surrogate, where the attack finds its steps.</param>
/// <param name="True">Through the network itself, which decides what counts.</param>
internal readonly record struct Views(NetworkView Search, NetworkView True) : IDisposable
{
    /// <summary>Frees both.</summary>
    public void Dispose()
    {
        Search.Dispose();
        True.Dispose();
    }
}
