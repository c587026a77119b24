namespace RobustAttribution.Training;

/// <summary>A checkpoint cannot be used: it is damaged, or belongs to another training. The message names the file and the reason.</summary>
public sealed class CheckpointException : IOException
{
    /// <summary>Makes an exception without a message.</summary>
    public CheckpointException()
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and its cause.</summary>
    public CheckpointException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
