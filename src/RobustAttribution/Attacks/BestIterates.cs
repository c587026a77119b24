using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>Keeps the best iterate of each image, all images at once.</summary>
/// <param name="clean">[N,C,H,W]: the images before the attack.</param>
/// <param name="prediction">[N], int64: the prediction that an iterate must keep; null: it need not.</param>
/// <param name="searches">Whether an image is attacked only where some gradient was not 0, or <see cref="AddDirected"/> says so.</param>
internal sealed class BestIterates(Tensor clean, Tensor? prediction, bool searches) : IIterates, IDisposable
{
    private Tensor images = clean.clone().DetachFromDisposeScope();
    private Tensor gain = full([clean.shape[0]], double.NegativeInfinity, ScalarType.Float64, clean.device).DetachFromDisposeScope(); // [N]
    private Tensor valid = zeros([clean.shape[0]], ScalarType.Bool, clean.device).DetachFromDisposeScope(); // [N]
    private Tensor improved = zeros([clean.shape[0]], ScalarType.Bool, clean.device).DetachFromDisposeScope(); // [N]
    private Tensor directed = (
        searches ? zeros([clean.shape[0]], ScalarType.Bool, clean.device) : ones([clean.shape[0]], ScalarType.Bool, clean.device))
        .DetachFromDisposeScope(); // [N]

    /// <summary>[N,C,H,W]: the best so far.</summary>
    public Tensor Images => images;

    /// <inheritdoc/>
    public void Add(Iterate iterate) => Add(iterate.Images, iterate.Gain, iterate.Logits, iterate.Counts, found: iterate.Step > 0);

    /// <summary>Keeps a candidate where it is better than all before.</summary>
    /// <param name="candidates">[N,C,H,W].</param>
    /// <param name="gains">[N], higher is better; NaN is never kept.</param>
    /// <param name="logits">[N,K] of the candidates; null where the prediction need not be kept.</param>
    /// <param name="counts">Whether the candidates make their images valid; in a search, those that are not the images themselves.</param>
    /// <param name="found">Whether a step found the candidates, so that no walk began at them.</param>
    public void Add(Tensor candidates, Tensor gains, Tensor? logits, bool counts, bool found)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor reached = gains.to_type(ScalarType.Float64).to(clean.device);
        Tensor allowed = reached.eq(reached); // false for NaN
        if (prediction is not null && logits is not null)
        {
            allowed &= logits.argmax(1).eq(prediction);
        }

        Tensor better = allowed & reached.gt(gain);
        Replace(ref images, where(better.reshape(-1, 1, 1, 1), candidates, images));
        Replace(ref gain, where(better, reached, gain));
        Replace(ref improved, found ? improved | better : improved & better.logical_not());
        if (counts)
        {
            Replace(ref valid, valid | (searches ? allowed & candidates.ne(clean).flatten(1).any(1) : allowed));
        }
    }

    /// <inheritdoc/>
    public void AddDirection(Tensor gradient)
    {
        using IDisposable scope = NewDisposeScope();
        AddDirected(gradient.ne(0).flatten(1).any(1));
    }

    /// <summary>Takes note of the images [N], bool, that can be attacked.</summary>
    public void AddDirected(Tensor which)
    {
        using IDisposable scope = NewDisposeScope();
        Replace(ref directed, directed | which);
    }

    /// <summary>The places [n], int64, of the images without a valid iterate whose gain is above a value.</summary>
    public Tensor Open(double enough)
    {
        using IDisposable scope = NewDisposeScope();
        return (valid & gain.gt(enough)).logical_not().nonzero().squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>The best iterates; they belong to the dispose scope around the current one.</summary>
    public AttackResult ToResult()
    {
        Tensor attacked = valid & directed;
        Tensor best = where(attacked, gain, full_like(gain, double.NaN));
        return new AttackResult(
            images.clone().MoveToOuterDisposeScope(),
            attacked.MoveToOuterDisposeScope(),
            best.MoveToOuterDisposeScope(),
            improved.clone().MoveToOuterDisposeScope());
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose()
    {
        images.Dispose();
        gain.Dispose();
        valid.Dispose();
        improved.Dispose();
        directed.Dispose();
    }

    private static void Replace(ref Tensor kept, Tensor value)
    {
        kept.Dispose();
        kept = value.DetachFromDisposeScope();
    }
}
