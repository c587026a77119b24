using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Stochastic gradient descent with momentum (as torch.optim.SGD). The defaults are those of ART's trainings (Singh et al. 2020).</summary>
public sealed record Sgd : IOptimizer
{
    /// <summary>Share of the former direction that is kept, from 0 (none) to 1. 0.9 by default (ART).</summary>
    public double Momentum { get; init => field = Require.InRange(value, 0, 1); } = 0.9;

    /// <summary>Nesterov's momentum. True by default (ART); needs a <see cref="Momentum"/> above 0 to matter.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>λ of the term λ·w added to the gradient, at least 0. 0 by default; ART uses 2e-4 for CIFAR-10 and 1e-4 for CUB.</summary>
    public double WeightDecay { get; init => field = Require.NonNegative(value); }

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => Momentum > 0 ? ["momentum"] : [];

    /// <inheritdoc/>
    public void Update(Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step)
    {
        Tensor direction = WeightDecay > 0 ? gradient.add(parameter, WeightDecay) : gradient;
        if (Momentum > 0)
        {
            Tensor momentum = state[0].mul_(Momentum).add_(direction);
            direction = Nesterov ? direction.add(momentum, Momentum) : momentum;
        }

        parameter.add_(direction, -learningRate);
    }
}
