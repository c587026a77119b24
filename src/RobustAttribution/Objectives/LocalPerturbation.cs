using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>How <see cref="LocalGradientAlignment"/> chooses the neighbour x + z of an image x, both at the normalised input.</summary>
[ComponentFamily]
public abstract record LocalPerturbation
{
    /// <summary>z uniform in ±ε/std, value by value: what Joo et al. 2023 train with.</summary>
    public static LocalPerturbation Uniform { get; } = new UniformPerturbation();

    /// <summary>z = ε/std · N(0, 1), value by value.</summary>
    public static LocalPerturbation Gaussian { get; } = new GaussianPerturbation();

    /// <summary>z = ε/std · g/‖g‖₂, along the gradient of each image; no random draw. A zero gradient gives z = 0.</summary>
    public static LocalPerturbation Gradient { get; } = new GradientPerturbation();

    /// <summary>z = ε/std · sign(g), the corner of the ball along the gradient of each image; no random draw.</summary>
    public static LocalPerturbation GradientSign { get; } = new GradientSignPerturbation();

    /// <summary>Draws z once for each image.</summary>
    /// <param name="gradient">[N,C,H,W]: g_y(x) at the normalised input, a constant.</param>
    /// <param name="radius">[1,C,1,1] or [1,1,1,1]: ε/std.</param>
    /// <param name="generator">Source of every random draw, on the CPU: what is drawn is moved to the device of <paramref name="gradient"/>.</param>
    /// <returns>[N,C,H,W]; owned by the caller.</returns>
    public abstract Tensor Draw(Tensor gradient, Tensor radius, Generator generator);
}

internal sealed record UniformPerturbation : LocalPerturbation
{
    public override Tensor Draw(Tensor gradient, Tensor radius, Generator generator)
    {
        using IDisposable scope = Scope.Holding(gradient, radius, generator);
        return (((CpuDraws.Uniform(gradient.shape, gradient, generator) * 2) - 1) * radius).MoveToOuterDisposeScope();
    }
}

internal sealed record GaussianPerturbation : LocalPerturbation
{
    public override Tensor Draw(Tensor gradient, Tensor radius, Generator generator)
    {
        using IDisposable scope = Scope.Holding(gradient, radius, generator);
        return (CpuDraws.Normal(gradient, generator) * radius).MoveToOuterDisposeScope();
    }
}

internal sealed record GradientPerturbation : LocalPerturbation
{
    public override Tensor Draw(Tensor gradient, Tensor radius, Generator generator)
    {
        using IDisposable scope = Scope.Holding(gradient, radius, generator);
        return (gradient / Rowwise.Norm(gradient).reshape(-1, 1, 1, 1) * radius).MoveToOuterDisposeScope();
    }
}

internal sealed record GradientSignPerturbation : LocalPerturbation
{
    public override Tensor Draw(Tensor gradient, Tensor radius, Generator generator)
    {
        using IDisposable scope = Scope.Holding(gradient, radius, generator);
        return (gradient.sign() * radius).MoveToOuterDisposeScope();
    }
}
