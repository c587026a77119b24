using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>One forward pass at a normalised input, and the gradients of its logits there.</summary>
/// <remarks>
/// A gradient that is to be differentiated again is computed module by module in the library's networks, as an ordinary computation: the signal of a
/// convolution goes back through a transposed one, whose own derivatives have kernels of their own. What libtorch records for a convolution's
/// gradient takes twice to four times as long to differentiate (docs/decisions/second-derivatives.md).
/// </remarks>
internal sealed class LogitPass : IDisposable
{
    private readonly string method;
    private readonly ImageNetwork network;
    private readonly Tensor point;
    private readonly NetworkTrace? trace;
    private readonly IReadOnlyList<Tensor> values = []; // what enters the network, then what each step of the trace puts out
    private readonly IReadOnlyList<Activation?> activations = []; // in effect at each step
    private readonly Dictionary<int, Tensor> factors = []; // of the steps whose signal is multiplied
    private readonly List<Tensor> owned = [];

    /// <summary>Computes the logits.</summary>
    /// <param name="method">What needs the gradients, for errors.</param>
    /// <param name="network">The network.</param>
    /// <param name="point">[N,C,H,W], normalised; requires a gradient.</param>
    /// <param name="derivative">The highest derivative that will be computed of it.</param>
    public LogitPass(string method, ImageNetwork network, Tensor point, Derivative derivative)
    {
        (this.method, this.network, this.point) = (method, network, point);
        network.RequireDerivative(point, derivative);
        trace = network.Trace;
        if (trace is null)
        {
            Logits = network.LogitsOfNormalized(point);
            return;
        }

        lock (network.SyncRoot)
        {
            trace = trace.Fastest;
            activations = [.. trace.Steps.Select(step => (step.Module as ActivationLayer)?.Activation)];
            // What libtorch records for a third derivative is slower with channels last.
            values = trace.Replay(network.Entering(point, channelsLast: derivative != Derivative.Third));
            Logits = network.Leaving(values[trace.Output + 1]);
            // By reference: tensors compare by value, and logits that are no numbers are not equal to themselves.
            owned.AddRange(values.Where(value => !ReferenceEquals(value, point) && !ReferenceEquals(value, Logits))
                .Select(value => value.DetachFromDisposeScope()));
        }
    }

    /// <summary>[N,K], with the graph; belongs to the caller.</summary>
    public Tensor Logits { get; }

    /// <summary>g_k: each image's gradient of the logit of its class.</summary>
    /// <param name="classes">[N], int64: k.</param>
    /// <param name="createGraph">Whether to keep the gradient differentiable.</param>
    /// <returns>[N,C,H,W]; owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The logits do not depend on the point.</exception>
    public Tensor Gradient(Tensor classes, bool createGraph)
        => trace is null || !createGraph
            ? Differentiation.GradientOfClass(method, network, Logits, point, classes, createGraph)
            : Differentiable(output => OneHot(classes, output));

    /// <summary>Each image's gradient of its cross-entropy: that of the logits, weighted with softmax − one-hot, which move too.</summary>
    /// <param name="classes">[N], int64: the true classes.</param>
    /// <param name="createGraph">Whether to keep the gradient differentiable.</param>
    /// <returns>[N,C,H,W]; owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The logits do not depend on the point.</exception>
    public Tensor LossGradient(Tensor classes, bool createGraph)
        => trace is null || !createGraph
            ? Differentiation.GradientOfLoss(method, network, Logits, point, classes, createGraph)
            : Differentiable(output => (Logits.softmax(1) - OneHot(classes, Logits)).to(output.dtype));

    /// <summary>Frees what lies between the point and the logits, but for what a graph still holds. Harmless when repeated.</summary>
    public void Dispose() => owned.ForEach(tensor => tensor.Dispose());

    // The gradient of the logits, weighted with the cotangent of what the backbone puts out.
    private Tensor Differentiable(Func<Tensor, Tensor> cotangent)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        lock (network.SyncRoot)
        {
            var signals = new Tensor?[values.Count];
            signals[trace!.Output + 1] = cotangent(values[trace.Output + 1]);
            for (int i = trace.Steps.Count - 1; i >= 0; i--)
            {
                foreach ((int to, Tensor back) in signals[i + 1] is { } signal ? Back(i, signal) : [])
                {
                    signals[to] = signals[to] is { } other ? other + back : back;
                }
            }

            Tensor found = signals[0] ?? throw Differentiation.Independent(method, network);
            return Entered(found).contiguous().MoveToOuterDisposeScope();
        }
    }

    // One 1 in each row.
    private static Tensor OneHot(Tensor classes, Tensor like) => zeros_like(like).scatter(1, classes.unsqueeze(1), ones_like(like));

    private IEnumerable<(int To, Tensor Signal)> Back(int step, Tensor signal)
    {
        (_, nn.Module module, IReadOnlyList<int> sources) = trace!.Steps[step];
        Tensor input = values[sources[0] + 1], output = values[step + 1];
        return module switch
        {
            Sum => sources.Select(source => (source + 1, signal)),
            Conv2d convolution => [(sources[0] + 1, Transposed(convolution, signal, input))],
            ActivationLayer => [(sources[0] + 1, signal * Factor(step, () => activations[step]!.Slope(input)))],
            MaxPool2d pool when HasWindowsOfTwo(pool, input) => [(sources[0] + 1, Spread(signal) * Factor(step, () => Chosen(input, output)))],
            Flatten => [(sources[0] + 1, Unflattened(signal, input))],
            _ => [(sources[0] + 1, autograd.grad([output], [input], [signal], true, true)[0])],
        };
    }

    private Tensor Entered(Tensor signal)
        => ReferenceEquals(values[0], point) ? signal : autograd.grad([values[0]], [point], [signal], true, true)[0];

    // Once for all gradients of the pass.
    private Tensor Factor(int step, Func<Tensor> compute)
    {
        if (!factors.TryGetValue(step, out Tensor? factor))
        {
            factors[step] = factor = compute().DetachFromDisposeScope();
            owned.Add(factor);
        }

        return factor;
    }

    private static Tensor Unflattened(Tensor signal, Tensor input)
    {
        Tensor back = signal.reshape(input.shape);
        return input.stride() is [_, 1, _, _] ? ChannelsLast.Of(back) : back;
    }

    // Windows of 2×2 side by side: libtorch's gradient of a pooling is as fast, its derivative takes two to three times as long.
    private static bool HasWindowsOfTwo(MaxPool2d pool, Tensor input)
        => pool is { kernel_size: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] } && input.shape[2] % 2 == 0 && input.shape[3] % 2 == 0;

    // Each value at all places of its window.
    private static Tensor Spread(Tensor signal) => nn.functional.interpolate(signal, scale_factor: [2, 2], mode: InterpolationMode.Nearest);

    // 1 where a window has its largest value, the first of several; else 0.
    private static Tensor Chosen(Tensor input, Tensor output) => autograd.grad([output], [input], [ones_like(output)], true, false)[0];

    private static Tensor Transposed(Conv2d convolution, Tensor signal, Tensor input)
    {
        long[] stride = convolution.stride, padding = convolution.padding!, dilation = convolution.dilation, kernel = convolution.kernel_size;
        return nn.functional.conv_transpose2d(
            signal, convolution.weight, null, stride, padding, [Missing(0), Missing(1)], dilation, convolution.groups);

        // Rows or columns at the end that a stride steps over.
        long Missing(int axis)
        {
            long taken = ((signal.shape[axis + 2] - 1) * stride[axis]) + (dilation[axis] * (kernel[axis] - 1)) + 1;
            return input.shape[axis + 2] + (2 * padding[axis]) - taken;
        }
    }
}
