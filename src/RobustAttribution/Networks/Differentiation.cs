using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>First derivatives at the input, with or without the graph that a second derivative needs.</summary>
internal static class Differentiation
{
    /// <summary>g_k(x): each image's gradient of the logit of its class, and the logits it came from.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">
    /// [N,C,H,W]; used as it is where it is part of a graph and <paramref name="createGraph"/>, else a new leaf is created.
    /// </param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the gradient differentiable.</param>
    /// <returns>Gradient [N,C,H,W] and logits [N,K]; both detached unless <paramref name="createGraph"/>.</returns>
    public static (Tensor Gradient, Tensor Logits) LogitGradient(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
        => LogitGradient(network, images, _ => classes, createGraph);

    /// <summary>As the other overload, of the classes that <paramref name="target"/> chooses from the logits.</summary>
    public static (Tensor Gradient, Tensor Logits) LogitGradient(ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        network.RequireDerivative(images, createGraph ? Derivative.Second : Derivative.First);
        return LogitGradient(network.Logits, images, target, createGraph);
    }

    /// <summary>As <see cref="LogitGradient(ImageNetwork, Tensor, Tensor, bool)"/>, at the normalised input.</summary>
    public static (Tensor Gradient, Tensor Logits) LogitGradientAtNormalized(
        ImageNetwork network, Tensor normalized, Tensor classes, bool createGraph)
    {
        network.RequireDerivative(normalized, createGraph ? Derivative.Second : Derivative.First);
        return network.Repeatable(() => LogitGradient(network.LogitsOfNormalized, normalized, _ => classes, createGraph));
    }

    /// <summary>g_k at a point whose forward pass was done already: the gradient of each image's logit of its class.</summary>
    /// <param name="logits">[N,K], computed from <paramref name="point"/> with its graph, which is kept.</param>
    /// <param name="point">[N,C,H,W].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the gradient differentiable.</param>
    /// <returns>[N,C,H,W]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    public static Tensor GradientOfClass(Tensor logits, Tensor point, Tensor classes, bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        return Gradient(logits.gather(1, classes.unsqueeze(1)), point, createGraph).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The derivative of the sum of some values at a point of their graph, which is kept; zeros where they do not depend on the point.
    /// </summary>
    public static Tensor Gradient(Tensor values, Tensor point, bool createGraph) => Gradient(values, point, createGraph, keepGraph: true);

    private static (Tensor Gradient, Tensor Logits) LogitGradient(
        Func<Tensor, Tensor> logitsOf, Tensor input, Func<Tensor, Tensor> target, bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor point = createGraph && input.requires_grad ? input : input.detach().requires_grad_(true);
        Tensor logits = logitsOf(point);
        Tensor gradient = Gradient(logits.gather(1, target(logits).unsqueeze(1)).sum(), point, createGraph, createGraph);
        return createGraph
            ? (gradient.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope())
            : (gradient.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    // autograd.grad must not fail: its errors end the process (TorchSharp 0.107).
    private static Tensor Gradient(Tensor values, Tensor point, bool createGraph, bool keepGraph)
    {
        if (!values.requires_grad)
        {
            return zeros_like(point);
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor gradient = autograd.grad([values.sum()], [point], null, keepGraph, createGraph, true)[0];
        return (gradient.IsInvalid ? zeros_like(point) : gradient).MoveToOuterDisposeScope();
    }
}
