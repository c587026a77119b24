namespace Microsoft.ML.Runtime;

public enum ChannelMessageKind
{
    Trace = 0,
    Info = 1,
    Warning = 2,
    Error = 3,
}

/// <summary>A message on an <see cref="IChannel"/>; the text is formatted when somebody reads it.</summary>
public readonly struct ChannelMessage
{
    public readonly ChannelMessageKind Kind;
    public readonly MessageSensitivity Sensitivity;

    private readonly string _format;
    private readonly object[] _args;

    internal ChannelMessage(ChannelMessageKind kind, MessageSensitivity sensitivity, string message)
    {
        Kind = kind;
        Sensitivity = sensitivity;
        _format = Contracts.CheckNonEmpty(message, nameof(message));
        _args = null;
    }

    internal ChannelMessage(ChannelMessageKind kind, MessageSensitivity sensitivity, string fmt, params object[] args)
        : this(kind, sensitivity, fmt) => _args = Contracts.CheckNonEmpty(args, nameof(args));

    public string Message => _args == null ? _format : string.Format(_format, _args);
}
