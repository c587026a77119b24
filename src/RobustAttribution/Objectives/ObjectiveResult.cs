using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>One named, unweighted part of a loss.</summary>
/// <param name="Name">E.g. "cross-entropy", "l2", "cosine", "triplet".</param>
/// <param name="Value">A detached scalar.</param>
public readonly record struct LossTerm(string Name, Tensor Value);

/// <summary>The loss of a batch. Owns its tensors.</summary>
public sealed class ObjectiveResult(Tensor loss, Tensor logits, IReadOnlyList<LossTerm> terms) : IDisposable
{
    /// <summary>The scalar to minimise, with its graph.</summary>
    public Tensor Loss { get; } = loss;

    /// <summary>[N,K], detached: the logits the cross-entropy was taken of (the attacked images' for adversarial objectives).</summary>
    public Tensor Logits { get; } = logits;

    /// <summary>The parts of the loss before their weights, in the order of the formula. Reading one waits for the device.</summary>
    public IReadOnlyList<LossTerm> Terms { get; } = terms;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Loss.Dispose();
        Logits.Dispose();
        foreach (LossTerm term in Terms)
        {
            term.Value.Dispose();
        }
    }
}
