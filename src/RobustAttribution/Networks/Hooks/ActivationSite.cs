using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A place where a network applies an activation function, which can be exchanged there and observed.</summary>
/// <remarks>Belongs to the module, not to an <see cref="ImageNetwork"/>: every network that holds the module has this one.</remarks>
internal abstract class ActivationSite
{
    // Newest last. They may end in any order.
    private readonly List<Override> exchanges = [];

    /// <summary>The activation in effect on this thread; null where it is no <see cref="Networks.Activation"/> and cannot be exchanged.</summary>
    public abstract Activation? Activation { get; }

    /// <summary>Whether the function is max(x, 0), through which relevance passes as the gradient does.</summary>
    public virtual bool IsRelu => Activation is ReluActivation;

    /// <summary>Whether an <see cref="Exchange"/> is in effect.</summary>
    public bool IsExchanged => exchanges.Count > 0;

    /// <summary>The newest exchange; null where there is none.</summary>
    protected Override? Newest => exchanges.LastOrDefault();

    /// <summary>Applies another activation from now on, on every thread.</summary>
    public abstract void Set(Activation activation);

    /// <summary>Applies another activation until the result is disposed.</summary>
    /// <remarks>In modules of torch.nn for this thread only; in an <see cref="ActivationLayer"/> for every thread.</remarks>
    public IDisposable Exchange(Activation activation)
    {
        if (Activation is null)
        {
            return new Undo(null);
        }

        var exchange = new Override(Environment.CurrentManagedThreadId, activation);
        exchanges.Add(exchange);
        OnChanged();
        return new Undo(() =>
        {
            exchanges.Remove(exchange);
            OnChanged();
        });
    }

    /// <summary>The function's values at any input, without hooks.</summary>
    public abstract Tensor Apply(Tensor x);

    /// <summary>Calls <paramref name="answer"/> with input and output at each use on this thread, until the result is disposed.</summary>
    /// <remarks>A tensor that it returns replaces the output; null keeps it.</remarks>
    public abstract IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer);

    /// <summary>Puts what is in effect now into effect.</summary>
    protected abstract void OnChanged();

    /// <summary>An activation in another's place, on the thread that installed it.</summary>
    protected sealed class Override(int thread, Activation activation)
    {
        public Activation Activation => activation;

        public bool IsHere => thread == Environment.CurrentManagedThreadId;
    }
}
