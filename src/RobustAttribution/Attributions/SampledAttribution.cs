using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution computed from many variants of each image, in internal batches whose size follows from a memory budget.</summary>
public abstract record SampledAttribution : AttributionMethod
{
    /// <summary>
    /// Bytes that one forward and backward pass may take, roughly, at least 1; 512 MiB by default. A pass has at least one image. How much an image
    /// takes is measured
    /// once for each network. With <c>createGraph</c> the graphs of all passes are kept, and the budget bounds each of them.
    /// </summary>
    /// <remarks>On a CPU a pass has at most 64 images, whatever the budget: larger ones take longer for each image.</remarks>
    public long MemoryBudget { get; init => field = Require.Bytes(value); } = PassSize.DefaultBudget;

    /// <inheritdoc/>
    protected override string MemoryAdvice => $"Lower {nameof(MemoryBudget)} (now {MemoryBudget} bytes), or pass fewer images at a time.";

    /// <inheritdoc/>
    protected sealed override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
    {
        long imagesPerPass = PassSize.Images(network, MemoryBudget, createGraph);
        var parts = new List<Tensor>();
        for (long start = 0; start < images.shape[0]; start += imagesPerPass)
        {
            long count = Math.Min(imagesPerPass, images.shape[0] - start);
            int variants = (int)(imagesPerPass / count);
            parts.Add(ExplainSome(network, images.narrow(0, start, count), classes.narrow(0, start, count), variants, createGraph));
        }

        return parts.Count == 1 ? parts[0] : cat(parts, 0);
    }

    /// <summary>The maths for as many images as fit into a pass.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[n,C,H,W].</param>
    /// <param name="classes">[n], int64.</param>
    /// <param name="variantsPerPass">How many variants of each of these images fit into one pass, at least 1.</param>
    /// <param name="createGraph">Keep the result differentiable.</param>
    /// <returns>[n,C,H,W] or [n,1,H,W].</returns>
    private protected abstract Tensor ExplainSome(ImageNetwork network, Tensor images, Tensor classes, int variantsPerPass, bool createGraph);
}
