using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A place where a network applies an activation function: what can be exchanged there, and what an attribution answers in its stead.</summary>
internal abstract class ActivationSite
{
    /// <summary>The activation that this thread sees now; null where it is not one of <see cref="Networks.Activation"/> and cannot be exchanged.</summary>
    public abstract Activation? Activation { get; }

    /// <summary>Whether the function is max(x, 0), through which relevance passes as the gradient does.</summary>
    public virtual bool IsRelu => Activation is ReluActivation;

    /// <summary>Applies another activation from now on, on every thread.</summary>
    public abstract void Set(Activation activation);

    /// <summary>Applies another activation, for this thread where the network is not ours, until the result is disposed.</summary>
    public abstract IDisposable Exchange(Activation activation);

    /// <summary>The function's values at any input, without hooks.</summary>
    public abstract Tensor Apply(Tensor x);

    /// <summary>
    /// Calls <paramref name="answer"/> with input and output at each use on this thread; what it returns, if anything, goes on in place of the output. Until the result is disposed.
    /// </summary>
    public abstract IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer);
}
