using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Makes the gradient of the true class look unlike the image, and that of the strongest wrong class like it: the inner attack of ART (Singh et
/// al.: "Attributional Robustness Training using Input-Gradient Spatial Alignment", ECCV 2020). Objective: log(1 + exp(−(d(x', g_j*(x')) − d(x',
/// g_y(x'))))), d(u, v) = 1 − cos(u, v), on the positions where |g_y| is largest at the start; everything at the normalised input, differentiated
/// as a whole.
/// </summary>
/// <remarks>
/// ε = 8/255, 3 steps of 5/255 from a random start on 1000 of 3·32·32 inputs, softplus β = 50 for the gradients of ReLU networks, by
/// default (the paper's CIFAR-10 run).
/// </remarks>
public sealed record AlignmentAttack : AttributionAttack
{
    /// <summary>The attack with its defaults.</summary>
    public AlignmentAttack()
    {
        Steps = 3;
        Step = new SteepestStep(5.0 / 255);
        Surrogate = Activation.Softplus(50);
    }

    /// <summary>
    /// The share of the positions in the objective, above 0 to 1. 1000/3072 by default (1000 of CIFAR's 3·32·32 inputs;
    /// 15000/50176 pixels for CUB-200).
    /// </summary>
    public double TopShare { get; init => field = Require.InRange(Require.Positive(value), 0, 1); } = 1000.0 / 3072;

    /// <summary>
    /// Whether image, gradients and magnitudes |g_y| are averaged over the channels first, so that positions are pixels. False by default: they
    /// are inputs (true for the paper's CUB-200 run).
    /// </summary>
    public bool ChannelMean { get; init; }

    /// <inheritdoc/>
    protected internal override bool NeedsLogitGradients => true;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        Tensor saliency = Vectors(start.LogitGradient(start.Classes).abs()); // [N,P]
        int count = Math.Max(1, (int)Math.Round(TopShare * saliency.shape[1]));
        Tensor top = saliency.topk(count, 1).indexes; // [N,k]
        return view => SoftMargin(
            Distance(view, view.LogitGradient(StrongestWrongClass(view.Logits, view.Classes)), top)
            - Distance(view, view.LogitGradient(view.Classes), top));
    }

    /// <summary>Inputs [N,C,H,W] as vectors of positions [N,P].</summary>
    internal Tensor Vectors(Tensor inputs) => (ChannelMean ? inputs.mean([1L]) : inputs).flatten(1);

    /// <summary>j*, [N]: the class with the largest logit beside the true one.</summary>
    internal static Tensor StrongestWrongClass(Tensor logits, Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor index = classes.unsqueeze(1);
        return logits.detach().scatter(1, index, full_like(index, double.NegativeInfinity, logits.dtype)).argmax(1).MoveToOuterDisposeScope();
    }

    /// <summary>log(1 + exp(−margin)).</summary>
    internal static Tensor SoftMargin(Tensor margin) => (-margin).softplus(1, 20);

    private Tensor Distance(NetworkView view, Tensor gradient, Tensor top)
        => 1 - Rowwise.Cosine(Vectors(view.Normalized).gather(1, top), Vectors(gradient).gather(1, top));
}
