namespace RobustAttribution.MLNet;

/// <summary>A row has no readable image. The message names column, row and, where known, the file.</summary>
public sealed class BrokenImageException : Exception
{
    internal BrokenImageException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
