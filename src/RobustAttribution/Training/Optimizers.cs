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

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019; as torch.optim.AdamW), AGA's optimizer for its larger networks.</summary>
public sealed record AdamW : IOptimizer
{
    /// <inheritdoc cref="Adam.Beta1"/>
    public double Beta1 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta1)); } = 0.9;

    /// <inheritdoc cref="Adam.Beta2"/>
    public double Beta2 { get; init => field = AdamMoments.CheckDecay(value, nameof(Beta2)); } = 0.999;

    /// <inheritdoc cref="Adam.Epsilon"/>
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

/// <summary>The step that <see cref="Adam"/> and <see cref="AdamW"/> share (Kingma and Ba 2015, algorithm 1).</summary>
internal static class AdamMoments
{
    public static readonly IReadOnlyList<string> Names = ["mean", "square"];

    public static double CheckDecay(double value, string name)
        => value < 1
            ? Require.InRange(value, 0, 1, name)
            : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed is a number from 0 to below 1.");

    public static void Update(
        Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step, double beta1, double beta2, double epsilon)
    {
        Tensor mean = state[0].mul_(beta1).add_(gradient, 1 - beta1);
        Tensor square = state[1].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        Tensor root = square.sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(epsilon);
        parameter.addcdiv_(mean, root, -learningRate / (1 - Math.Pow(beta1, step)));
    }
}
