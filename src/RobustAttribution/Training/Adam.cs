using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Adam (Kingma and Ba 2015; as torch.optim.Adam): weight decay is part of the gradient.</summary>
public sealed record Adam : IOptimizer
{
    /// <summary>Decay of the mean gradient, from 0 to below 1. 0.9 by default.</summary>
    public double Beta1 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta1)); } = 0.9;

    /// <summary>Decay of the mean squared gradient, from 0 to below 1. 0.999 by default.</summary>
    public double Beta2 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta2)); } = 0.999;

    /// <summary>Added to the root of the mean square, above 0. 1e-8 by default.</summary>
    public double Epsilon { get; init => field = Require.Positive(value); } = 1e-8;

    /// <summary>λ of the term λ·w added to the gradient, at least 0. 0 by default; AGA uses 4e-5 for its LeNet.</summary>
    public double WeightDecay { get; init => field = Require.NonNegative(value); }

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => AdamMoments.Names;

    /// <inheritdoc/>
    public void Update(Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step)
    {
        Tensor whole = WeightDecay > 0 ? gradient.add(parameter, WeightDecay) : gradient;
        AdamMoments.Update(parameter, whole, state, learningRate, step, Beta1, Beta2, Epsilon);
    }
}
