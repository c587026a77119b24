using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// The terms that bound how far an explanation can be moved (Joo et al. 2023, section 3), image by image. g is the gradient of the class's logit and
/// H its Hessian,
/// both at the normalised input x, where AGA trains; v = x' − x is the perturbation, in normalised units too.
/// </summary>
/// <remarks>Owns its tensors. All are [N], float64, on the CPU.</remarks>
public sealed class UpperBoundReport : IDisposable
{
    private UpperBoundReport(Tensor squaredDistance, Tensor cosineDistance, Tensor hessianVectorNorm, Tensor relativeHessianVectorNorm)
    {
        (SquaredDistance, CosineDistance) = (squaredDistance, cosineDistance);
        (HessianVectorNorm, RelativeHessianVectorNorm) = (hessianVectorNorm, relativeHessianVectorNorm);
    }

    /// <summary>‖g(x') − g(x)‖₂², at least 0; 0 is ideal: the term of AGA's L2 weight.</summary>
    public Tensor SquaredDistance { get; }

    /// <summary>1 − cos(g(x'), g(x)), from 0 (ideal) to 2; NaN where a gradient is zero.</summary>
    public Tensor CosineDistance { get; }

    /// <summary>
    /// ‖H(x)·v‖₂, at least 0; 0 is ideal: the first order of ‖g(x') − g(x)‖. 0 for ReLU networks, which have no second derivative.
    /// </summary>
    public Tensor HessianVectorNorm { get; }

    /// <summary>‖H(x)·v‖₂/‖g(x)‖₂, at least 0; 0 is ideal: the bound on a scale-free distance. NaN where g(x) is zero.</summary>
    public Tensor RelativeHessianVectorNorm { get; }

    /// <summary>Measures a batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">x in pixel scale, [N,C,H,W] in [0, 1].</param>
    /// <param name="perturbed">x' in pixel scale, [N,C,H,W].</param>
    /// <param name="classes">[N], int64.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="ArgumentException">A batch does not fit the network.</exception>
    public static UpperBoundReport Measure(ImageNetwork network, Tensor images, Tensor perturbed, Tensor classes)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        network.CheckBatch(perturbed, classes);
        using IDisposable scope = Scope.Holding(network, images, perturbed, classes);
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = enable_grad();
        Tensor x = network.Normalize(images.detach()).requires_grad_(true);
        classes = classes.clone(); // may be of inference mode
        Tensor moved = network.Normalize(perturbed.detach());
        (Tensor gradient, _) = Differentiation.LogitGradientAtNormalized(nameof(UpperBoundReport), network, x, classes, createGraph: true);
        Tensor hessianVector = Rows(Differentiation.GradientIfAny(gradient * (moved - x.detach()), x, createGraph: false) ?? zeros_like(x));
        Tensor first = Rows(gradient);
        Tensor second = Rows(
            Differentiation.LogitGradientAtNormalized(nameof(UpperBoundReport), network, moved, classes, createGraph: false).Gradient);
        Tensor norm = Norm(first);
        Tensor cosine = ((first * second).sum(1) / (norm * Norm(second))).clamp(-1, 1);
        return new UpperBoundReport(
            Owned((second - first).square().sum(1)),
            Owned(1 - cosine),
            Owned(Norm(hessianVector)),
            Owned(where(norm.eq(0), full_like(norm, double.NaN), Norm(hessianVector) / norm)));
    }

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        SquaredDistance.Dispose();
        CosineDistance.Dispose();
        HessianVectorNorm.Dispose();
        RelativeHessianVectorNorm.Dispose();
    }

    private static Tensor Rows(Tensor values) => values.detach().to(ScalarType.Float64).flatten(1);

    private static Tensor Norm(Tensor rows) => rows.square().sum(1).sqrt();

    private static Tensor Owned(Tensor values) => values.cpu().MoveToOuterDisposeScope();
}
