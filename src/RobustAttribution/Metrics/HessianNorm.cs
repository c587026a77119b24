using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// Estimates how curved the class's logit is around an image: the Frobenius norm of its Hessian at the normalised input, by E‖H·v‖² = ‖H‖_F² for v ~
/// N(0, 1)
/// (Hutchinson 1990), which needs products H·v alone.
/// </summary>
/// <remarks>
/// 0 for ReLU networks, which have no second derivative. The relative error of the squared norm is about √(2/draws) at worst, where the Hessian has
/// one large eigenvalue.
/// </remarks>
public sealed record HessianNorm
{
    /// <summary>Vectors v for each image, 1 to 100,000. 10 by default.</summary>
    public int Draws { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 10;

    /// <summary>Measures a batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the classes whose logits are differentiated.</param>
    /// <param name="generator">Source of the vectors, on the CPU.</param>
    /// <returns>[N], float64 on the CPU: √(mean ‖H·v‖²), at least 0; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network.</exception>
    public Tensor Measure(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        using IDisposable scope = Scope.Holding(network, images, classes, generator);
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = enable_grad();
        Tensor x = network.Normalize(images.detach()).requires_grad_(true);
        classes = classes.clone(); // may be of inference mode
        (Tensor gradient, _) = Differentiation.LogitGradientAtNormalized(nameof(HessianNorm), network, x, classes, createGraph: true);
        Tensor sum = zeros(images.shape[0], dtype: ScalarType.Float64, device: images.device);
        for (int draw = 0; draw < Draws; draw++)
        {
            using IDisposable step = NewDisposeScope();
            Tensor v = CpuDraws.Normal(x, generator);
            Tensor? product = Differentiation.GradientIfAny(gradient * v, x, createGraph: false); // null: 0
            if (product is not null)
            {
                sum.add_(product.to(ScalarType.Float64).square().flatten(1).sum(1));
            }
        }

        return (sum / Draws).sqrt().cpu().MoveToOuterDisposeScope();
    }
}
