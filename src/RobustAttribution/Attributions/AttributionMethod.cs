using System.Runtime.InteropServices;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Base of all attributions: checks the arguments, frees what was allocated and explains errors. A method adds its maths.
/// </summary>
public abstract record AttributionMethod : IAttributionMethod
{
    /// <inheritdoc/>
    public abstract bool IsDifferentiable { get; }

    /// <summary>What to turn when memory runs out; ends the sentence of the error.</summary>
    protected virtual string MemoryAdvice => "Pass fewer images at a time.";

    /// <inheritdoc/>
    public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
    {
        using IDisposable scope = Scope.Holding(network, images, classes);
        Require.NotNull(classes, nameof(classes));
        Tensor attribution = Guarded(network, images, classes, createGraph, point => Explain(network, point, classes.clone(), createGraph));
        return (createGraph ? attribution : attribution.detach()).MoveToOuterDisposeScope();
    }

    /// <summary>The maths. Runs inside a dispose scope with gradients enabled; the arguments are checked.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the result differentiable at <paramref name="images"/> and the parameters.</param>
    /// <returns>[N,C,H,W] or [N,1,H,W].</returns>
    protected abstract Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph);

    // What is explained is a copy: images that were made in inference mode can be part of no graph.
    private protected T Guarded<T>(ImageNetwork network, Tensor images, Tensor? classes, bool createGraph, Func<Tensor, T> explain)
    {
        Require.NotNull(network, nameof(network));
        if (classes is null)
        {
            network.CheckImages(images);
        }
        else
        {
            network.CheckBatch(images, classes);
        }

        if (createGraph && !IsDifferentiable)
        {
            throw new NotSupportedException($"{this} cannot be differentiated; createGraph is true, allowed is false.");
        }

        return Explained(network, createGraph && images.requires_grad ? images : images.detach().clone(), explain);
    }

    /// <summary>Without the checks and the copy of <see cref="Guarded"/>, for what was checked and copied.</summary>
    private protected T Explained<T>(ImageNetwork network, Tensor images, Func<Tensor, T> explain)
    {
        using IDisposable mode = enable_grad();
        try
        {
            lock (network.SyncRoot)
            {
                return network.Repeatable(() => explain(images));
            }
        }
        catch (ExternalException error) when (IsOutOfMemory(error))
        {
            throw new InsufficientMemoryException(
                $"{GetType().Name} ran out of memory with {images.shape[0]} images. {MemoryAdvice} ({error.Message.Split('\n')[0]})", error);
        }
    }

    // libtorch's words on CPUs ("DefaultCPUAllocator: can't allocate memory", on Windows "not enough memory") and on GPUs ("CUDA out of memory").
    internal static bool IsOutOfMemory(ExternalException error)
        => error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || error.Message.Contains("not enough memory", StringComparison.OrdinalIgnoreCase)
            || error.Message.Contains("allocate memory", StringComparison.OrdinalIgnoreCase);
}
