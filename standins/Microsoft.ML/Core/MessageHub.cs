using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Hands each message to the listeners of its type, together with the full name of its source.</summary>
internal sealed class MessageHub
{
    private readonly ConcurrentDictionary<Type, Delegate> _listeners = new();

    public void AddListener<TMessage>(Action<string, TMessage> listener)
        => _listeners.AddOrUpdate(typeof(TMessage), listener, (_, present) => Delegate.Combine(present, listener));

    public void Send<TMessage>(string source, TMessage message)
    {
        if (_listeners.TryGetValue(typeof(TMessage), out var listener))
            ((Action<string, TMessage>)listener)(source, message);
    }
}

/// <summary>A named sender of messages.</summary>
internal class Pipe<TMessage> : IPipe<TMessage>
{
    private readonly HostEnvironment _parent;
    private readonly MessageHub _hub;
    private readonly string _shortName;
    private readonly string _fullName;

    public Pipe(HostEnvironment parent, string shortName, MessageHub hub)
    {
        _parent = parent;
        _hub = hub;
        _shortName = shortName;
        _fullName = parent.FullName == null ? shortName : $"{parent.FullName}; {shortName}";
    }

    public string ContextDescription => _fullName;

    public void Send(TMessage msg) => _hub.Send(_fullName, msg);

    public TException Process<TException>(TException ex)
        where TException : Exception
    {
        ex.Data["Throwing component"] = _parent.ShortName;
        ex.Data["Phase"] = _shortName;
        return Contracts.Mark(ex);
    }

    public virtual void Dispose()
    {
    }
}

/// <summary>A channel of text messages that also says when it starts and ends.</summary>
internal sealed class MessageChannel : Pipe<ChannelMessage>, IChannel
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private bool _disposed;

    public MessageChannel(HostEnvironment parent, string shortName, MessageHub hub)
        : base(parent, shortName, hub) => Trace(MessageSensitivity.None, "Channel started");

    public void Trace(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Trace, sensitivity, fmt));

    public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args)
        => Send(new(ChannelMessageKind.Trace, sensitivity, fmt, args));

    public void Error(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Error, sensitivity, fmt));

    public void Error(MessageSensitivity sensitivity, string fmt, params object[] args)
        => Send(new(ChannelMessageKind.Error, sensitivity, fmt, args));

    public void Warning(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Warning, sensitivity, fmt));

    public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args)
        => Send(new(ChannelMessageKind.Warning, sensitivity, fmt, args));

    public void Info(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Info, sensitivity, fmt));

    public void Info(MessageSensitivity sensitivity, string fmt, params object[] args)
        => Send(new(ChannelMessageKind.Info, sensitivity, fmt, args));

    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Trace(MessageSensitivity.None, "Channel finished. Elapsed {0:c}.", _watch.Elapsed);
        Trace(MessageSensitivity.None, "Channel disposed");
    }
}
