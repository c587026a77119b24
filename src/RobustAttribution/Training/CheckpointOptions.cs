namespace RobustAttribution.Training;

/// <summary>Where and how often a training writes checkpoints, so that it can resume after a crash with the same bits.</summary>
/// <remarks>
/// A checkpoint is one safetensors file with weights, optimizer state, generator states and position. It is written under another name, flushed to
/// disk and then renamed, so a file under its final name is whole; the last two are kept. The lock is the file training.lock, which is released when
/// the process ends, however it does; files of other trainings are never deleted.
/// </remarks>
public sealed record CheckpointOptions(string Folder)
{
    /// <summary>The folder of the files, created if missing. One folder is for one training, which locks it while it runs.</summary>
    public string Folder { get; init => field = CheckFolder(value); } = CheckFolder(Folder);

    /// <summary>Write one after each so many epochs, at least 1; null for none. 1 by default. The end of the training is always written.</summary>
    public int? EveryEpochs { get; init => field = value is null ? null : Require.InRange(value.Value, 1); } = 1;

    /// <summary>Write one at the first step after each so many minutes, above 0; null for none. Null by default.</summary>
    public double? EveryMinutes { get; init => field = value is null ? null : Require.Positive(value.Value); }

    /// <summary>Resume from the newest checkpoint of the folder, if there is one; false makes it an error instead. True by default.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>
    /// Distinguishes this training from others with the same options, e.g. the name of the initial weights; a checkpoint of another identity
    /// is refused. Null by default.
    /// </summary>
    public string? Identity { get; init; }

    private static string CheckFolder(string value, string name = nameof(Folder))
        => string.IsNullOrWhiteSpace(value) ? throw new ArgumentException($"{name} is empty; allowed is the path of a folder.", name) : value;
}

/// <summary>
/// A checkpoint or its folder cannot be used: damaged, of another training, in use or not writable. The message names it and the reason.
/// </summary>
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
