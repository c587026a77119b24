using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>First derivatives at the input, with or without the graph that a second derivative needs.</summary>
internal static class Differentiation
{
    /// <summary>g_k(x): each image's gradient of the logit of its class, and the logits it came from.</summary>
    /// <param name="method">What needs the gradient, for errors.</param>
    /// <param name="network">The network.</param>
    /// <param name="images">
    /// [N,C,H,W]; used as it is where it is part of a graph and <paramref name="createGraph"/>, else a new leaf is created.
    /// </param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the gradient differentiable.</param>
    /// <returns>Gradient [N,C,H,W] and logits [N,K]; both detached unless <paramref name="createGraph"/>.</returns>
    /// <exception cref="InvalidOperationException">The logits do not depend on the images.</exception>
    public static (Tensor Gradient, Tensor Logits) LogitGradient(
        string method, ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
        => LogitGradient(method, network, images, _ => classes, createGraph);

    /// <summary>As the other overload, of the classes that <paramref name="target"/> chooses from the logits.</summary>
    public static (Tensor Gradient, Tensor Logits) LogitGradient(
        string method, ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
        => createGraph
            ? DifferentiableGradient(method, network, images, network.Normalize, target)
            : LogitGradient(method, network, network.Logits, images, target);

    /// <summary>As <see cref="LogitGradient(string, ImageNetwork, Tensor, Tensor, bool)"/>, at the normalised input.</summary>
    public static (Tensor Gradient, Tensor Logits) LogitGradientAtNormalized(
        string method, ImageNetwork network, Tensor normalized, Tensor classes, bool createGraph)
        => network.Repeatable(() => createGraph
            ? DifferentiableGradient(method, network, normalized, x => x, _ => classes)
            : LogitGradient(method, network, network.LogitsOfNormalized, normalized, _ => classes));

    /// <summary>g_k at a point whose forward pass was done already: the gradient of each image's logit of its class.</summary>
    /// <param name="method">What needs the gradient, for errors.</param>
    /// <param name="network">The network.</param>
    /// <param name="logits">[N,K], computed from <paramref name="point"/> with its graph, which is kept.</param>
    /// <param name="point">[N,C,H,W].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the gradient differentiable.</param>
    /// <returns>[N,C,H,W]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    /// <exception cref="InvalidOperationException">The logits do not depend on the point.</exception>
    public static Tensor GradientOfClass(
        string method, ImageNetwork network, Tensor logits, Tensor point, Tensor classes, bool createGraph)
        => GradientOf(logits => logits.gather(1, classes.unsqueeze(1)), method, network, logits, point, createGraph);

    /// <summary>As <see cref="GradientOfClass"/>: the gradient of each image's cross-entropy.</summary>
    public static Tensor GradientOfLoss(
        string method, ImageNetwork network, Tensor logits, Tensor point, Tensor classes, bool createGraph)
        => GradientOf(
            logits => nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum), method, network, logits, point, createGraph);

    /// <summary>
    /// The derivative of the sum of some values at a point of their graph, which is kept; null where they do not depend on the point, as the
    /// gradients of a ReLU network.
    /// </summary>
    public static Tensor? GradientIfAny(Tensor values, Tensor point, bool createGraph)
        => GradientIfAny(values, point, createGraph, keepGraph: true);

    /// <summary>The error where logits have no gradient, which is not the same as a gradient of zeros.</summary>
    public static InvalidOperationException Independent(string method, ImageNetwork network)
        => new(
            $"{method} needs the gradient of the logits at the image, and the logits of the network {network.Backbone.GetName()} do not depend on"
            + " the image: its forward pass detaches them, computes them within no_grad or from whole numbers, or leaves the image out.");

    private static Tensor GradientOf(
        Func<Tensor, Tensor> values, string method, ImageNetwork network, Tensor logits, Tensor point, bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        return (GradientIfAny(values(logits), point, createGraph) ?? throw Independent(method, network)).MoveToOuterDisposeScope();
    }

    private static (Tensor Gradient, Tensor Logits) LogitGradient(
        string method, ImageNetwork network, Func<Tensor, Tensor> logitsOf, Tensor input, Func<Tensor, Tensor> target)
    {
        network.RequireDerivative(input, Derivative.First);
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor point = input.detach().requires_grad_(true);
        Tensor logits = logitsOf(point);
        Tensor gradient = GradientIfAny(logits.gather(1, target(logits).unsqueeze(1)).sum(), point, createGraph: false, keepGraph: false)
            ?? throw Independent(method, network);
        return (gradient.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    private static (Tensor Gradient, Tensor Logits) DifferentiableGradient(
        string method, ImageNetwork network, Tensor input, Func<Tensor, Tensor> normalize, Func<Tensor, Tensor> target)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor point = input.requires_grad ? input : input.detach().requires_grad_(true);
        Tensor normalized = normalize(point);
        using LogitPass pass = new(method, network, normalized, Derivative.Second);
        Tensor gradient = pass.Gradient(target(pass.Logits), createGraph: true);
        if (!ReferenceEquals(normalized, point))
        {
            gradient = autograd.grad([normalized], [point], [gradient], true, true)[0];
        }

        return (gradient.MoveToOuterDisposeScope(), pass.Logits.MoveToOuterDisposeScope());
    }

    // autograd.grad must not fail: its errors end the process (TorchSharp 0.107).
    private static Tensor? GradientIfAny(Tensor values, Tensor point, bool createGraph, bool keepGraph)
    {
        if (!values.requires_grad)
        {
            return null;
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        Tensor gradient = autograd.grad([values.sum()], [point], null, keepGraph, createGraph, true)[0];
        return gradient.IsInvalid ? null : gradient.contiguous().MoveToOuterDisposeScope(); // of the shape and order of an image
    }
}
