using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An element-wise activation function that an <see cref="ImageNetwork"/> can be switched to.</summary>
[ComponentFamily]
public abstract record Activation
{
    /// <summary>max(x, 0). Its second derivative is zero, so losses on gradients learn nothing through it.</summary>
    public static Activation Relu { get; } = new ReluActivation();

    /// <summary>log(1 + exp(βx))/β: a smooth ReLU, whose curvature falls with β.</summary>
    /// <remarks>
    /// Linear where βx is above 20, as PyTorch's softplus: the second derivative is exactly 0 there (the function differs by less than 2.1e-9/β).
    /// </remarks>
    /// <param name="beta">
    /// β, above 0. Joo et al. 2023 train with 3, Singh et al. 2020 attribute with 50, Dombrowski et al. 2019 attack with about 20.
    /// </param>
    public static Activation Softplus(double beta) => new SoftplusActivation(beta);

    /// <summary>Whether the second derivative carries information, so that losses on gradients can be differentiated through it.</summary>
    public virtual bool IsSmooth => true;

    /// <summary>Whether it nowhere falls, so that it commutes with a maximum.</summary>
    internal virtual bool NeverFalls => false;

    /// <summary>The activation's values, of the shape of <paramref name="x"/>.</summary>
    public abstract Tensor Apply(Tensor x);

    /// <summary>The derivative at <paramref name="x"/>, of its shape, itself differentiable.</summary>
    internal virtual Tensor Slope(Tensor x)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor point = x.requires_grad ? x : x.detach().requires_grad_(true);
        Tensor y = Apply(point);
        return autograd.grad([y], [point], [ones_like(y)], true, true)[0].MoveToOuterDisposeScope();
    }
}

internal sealed record ReluActivation : Activation
{
    public override bool IsSmooth => false;

    internal override bool NeverFalls => true;

    public override Tensor Apply(Tensor x) => nn.functional.relu(x);

    internal override Tensor Slope(Tensor x)
    {
        using IDisposable scope = NewDisposeScope();
        return x.detach().gt(0).to(x.dtype).MoveToOuterDisposeScope();
    }

    public override string ToString() => "ReLU";
}

internal sealed record SoftplusActivation(double Beta) : Activation
{
    public double Beta { get; init => field = Require.Positive(value); } = Require.Positive(Beta, nameof(Beta));

    internal override bool NeverFalls => true;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => x.softplus(Beta, 20);

    // In float32 the sigmoid is exactly 1 where the softplus is linear, as its derivative is.
    internal override Tensor Slope(Tensor x)
    {
        if (x.dtype == ScalarType.Float64)
        {
            return base.Slope(x);
        }

        using IDisposable scope = NewDisposeScope();
        return (x * Beta).sigmoid().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override string ToString() => $"softplus β={Beta:G6}";
}
