using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>
/// What the double backward pass of a convolution costs in libtorch, against the two kernels that its formula needs: a convolution of the incoming
/// derivative, and a gradient at the weights.
/// </summary>
internal static class DoubleBackward
{
    public static IReadOnlyList<string> Columns { get; } =
    [
        "network", "threads", "layer", "input", "forward", "to the input", "to the weights", "double backward, weights constant", "double backward",
        "conv2d of the derivative", "conv2d and gradient at the weights", "conv_transpose2d", "its backward, weights constant", "its backward",
        "difference",
    ];

    public static IEnumerable<object[]> Measure(Setup setup, int repeats, int threads)
    {
        Device device = setup.Device;
        using nn.Module<Tensor, Tensor> network = setup.Network.Plain(new ActivationSwitch(null));
        network.to(device);
        (Tensor images, Tensor classes) = setup.NewBatch();
        IReadOnlyList<Layer> layers = Layer.Of(network, images);
        images.Dispose();
        classes.Dispose();
        foreach (Layer layer in layers)
        {
            using (layer)
            {
                if (layer.IsConvolution)
                {
                    yield return [setup.Network.Name, threads, layer.Name, string.Join('×', layer.Input.shape), .. Row(layer)];
                }
            }
        }

        object[] Row(Layer layer)
        {
            using IDisposable scope = NewDisposeScope();
            LayerCost cost = LayerCost.Of(layer, repeats, device, asLibrary: false);
            Tensor x = layer.Input.detach().requires_grad_(true);
            Tensor y = layer.Forward(x);
            Tensor gy = randn_like(y).requires_grad_(true), ggx = randn_like(x);
            Tensor gradient = autograd.grad([y], [x], [gy.detach()], true)[0];
            Tensor transposed = layer.ConvolveTransposed(gy);
            Cost convolution = Plain(() => layer.Convolve(ggx));
            layer.Weight!.requires_grad = false;
            Tensor frozen = layer.ConvolveTransposed(gy);
            layer.Weight.requires_grad = true;
            return
            [
                cost.Forward.Wall, cost.Input.Wall, cost.Weight.Wall, cost.DoubleInput.Wall, cost.DoubleBoth.Wall,
                convolution.Wall, (convolution + cost.Weight).Wall,
                Plain(() => layer.ConvolveTransposed(gy)).Wall,
                Clock.Median(repeats, device, () => autograd.grad([frozen], [gy], [ggx], true)).Wall,
                Clock.Median(repeats, device, () => autograd.grad([transposed], [gy, layer.Weight], [ggx], true)).Wall,
                (double)((transposed - gradient).abs().max() / gradient.abs().max()).item<float>(),
            ];
        }

        Cost Plain(Func<Tensor> compute) => Clock.Median(repeats, device, () =>
        {
            using IDisposable mode = no_grad();
            compute();
        });
    }
}
