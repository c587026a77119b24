using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019; as torch.optim.AdamW), AGA's optimizer for its larger networks.</summary>
public sealed record AdamW : IOptimizer
{
    /// <summary>Decay of the mean gradient, from 0 to below 1. 0.9 by default.</summary>
    public double Beta1 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta1)); } = 0.9;

    /// <summary>Decay of the mean squared gradient, from 0 to below 1. 0.999 by default.</summary>
    public double Beta2 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta2)); } = 0.999;

    /// <summary>Added to the root of the mean square, above 0. 1e-8 by default.</summary>
    public double Epsilon { get; init => field = Require.Positive(value); } = 1e-8;

    /// <summary>λ: each step multiplies every parameter by 1 − rate·λ, at least 0. 1e-2 by default (AGA, and PyTorch).</summary>
    public double WeightDecay { get; init => field = Require.NonNegative(value); } = 1e-2;

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => AdamMoments.Names;

    /// <inheritdoc/>
    public void Update(Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step)
    {
        if (WeightDecay > 0)
        {
            parameter.mul_(1 - (learningRate * WeightDecay));
        }

        AdamMoments.Update(parameter, gradient, state, learningRate, step, Beta1, Beta2, Epsilon);
    }
}
