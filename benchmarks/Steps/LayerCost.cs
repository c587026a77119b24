using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What the passes through one layer cost, each measured by itself.</summary>
/// <param name="Forward">y = f(x).</param>
/// <param name="Input">∂/∂x, from the gradient at y.</param>
/// <param name="Weight">∂/∂w, from the gradient at y; nothing for a layer without weights.</param>
/// <param name="DoubleInput">The derivative of ∂/∂x at the gradient, and at x where it is not linear; the weights are constants.</param>
/// <param name="DoubleBoth">The same, and at the weights.</param>
/// <param name="Operations">Of one forward pass.</param>
internal sealed record LayerCost(Cost Forward, Cost Input, Cost Weight, Cost DoubleInput, Cost DoubleBoth, double Operations)
{
    /// <param name="layer">The layer.</param>
    /// <param name="repeats">Of which the median counts.</param>
    /// <param name="device">Where to wait for.</param>
    /// <param name="asLibrary">Whether ∂/∂x is computed as the library computes what it will differentiate; else it is autograd's.</param>
    public static LayerCost Of(Layer layer, int repeats, Device device, bool asLibrary)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor x = layer.Input.detach().requires_grad_(true);
        Tensor y = layer.Forward(x);
        Tensor gy = randn_like(y).requires_grad_(true);
        Tensor ggx = randn_like(x);
        Tensor[] nonlinear = layer.Kind is "activation" or "batch norm" ? [x] : [];
        Tensor[] weights = layer.Weight is { } weight ? [weight] : [];
        Cost forward = Clock.Median(repeats, device, () =>
        {
            using IDisposable mode = no_grad();
            layer.Forward(x);
        });
        return new LayerCost(
            forward,
            Grad(y, [x], gy.detach()),
            weights.Length == 0 ? default : Grad(y, weights, gy.detach()),
            Frozen(() => Grad(Gradient(), [gy, .. nonlinear], ggx)),
            Grad(Gradient(), [gy, .. nonlinear, .. weights], ggx),
            layer.Operations(y));

        Tensor Gradient() => (asLibrary ? layer.Signal(x, gy) : null) ?? autograd.grad([layer.Forward(x)], [x], [gy], true, true)[0];

        Cost Frozen(Func<Cost> measure)
        {
            Array.ForEach(weights, value => value.requires_grad = false);
            Cost cost = measure();
            Array.ForEach(weights, value => value.requires_grad = true);
            return cost;
        }

        Cost Grad(Tensor of, Tensor[] at, Tensor from)
            => Clock.Median(repeats, device, () => autograd.grad([of], [.. at], [from], true, false, true));
    }
}
