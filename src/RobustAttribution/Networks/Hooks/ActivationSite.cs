using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A place where a network applies an activation function, which can be exchanged there and observed.</summary>
internal abstract class ActivationSite
{
    /// <summary>The activation in effect on this thread; null where it is no <see cref="Networks.Activation"/> and cannot be exchanged.</summary>
    public abstract Activation? Activation { get; }

    /// <summary>Whether the function is max(x, 0), through which relevance passes as the gradient does.</summary>
    public virtual bool IsRelu => Activation is ReluActivation;

    /// <summary>Applies another activation from now on, on every thread.</summary>
    public abstract void Set(Activation activation);

    /// <summary>Applies another activation until the result is disposed.</summary>
    /// <remarks>In modules of torch.nn for this thread only; in an <see cref="ActivationLayer"/> for every thread.</remarks>
    public abstract IDisposable Exchange(Activation activation);

    /// <summary>The function's values at any input, without hooks.</summary>
    public abstract Tensor Apply(Tensor x);

    /// <summary>Calls <paramref name="answer"/> with input and output at each use on this thread, until the result is disposed.</summary>
    /// <remarks>A tensor that it returns replaces the output; null keeps it.</remarks>
    public abstract IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer);
}
