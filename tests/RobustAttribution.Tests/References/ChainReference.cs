using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.References;

/// <summary>
/// A chain of layers by definition, one image at a time: every linear layer is a list of connections (input, output, weight), and everything that
/// passes through it, forwards or backwards, is a loop over them.
/// </summary>
internal sealed class ChainReference
{
    private readonly List<Layer> layers = [];
    private readonly int[] shape;

    public ChainReference(ImageNetwork network)
    {
        shape = [network.Input.Channels, network.Input.Height, network.Input.Width];
        int[] at = shape;
        foreach ((string name, nn.Module module) in network.Backbone.named_children())
        {
            (Layer layer, at) = Describe(name, module, at);
            layers.Add(layer);
        }
    }

    /// <summary>
    /// How a linear layer distributes relevance, from its connections, bias (null: none), input, output, relevance of the output, and the bounds of
    /// the image.
    /// </summary>
    public delegate double[] Rule(
        List<(int I, int J, double W)> connections, double[]? bias, double[] x, double[] z, double[] relevance, double[] lowest, double[] highest);

    /// <summary>The inputs of every layer, and the logits at the end.</summary>
    public List<double[]> Forward(double[] normalized)
    {
        List<double[]> values = [normalized];
        foreach (Layer layer in layers)
        {
            values.Add(layer.Apply(values[^1]));
        }

        return values;
    }

    /// <summary>
    /// The gradient of a logit at the output of a layer (null: at the normalised image), with another rule at activations if one is given:
    /// (signal behind, input) → signal before.
    /// </summary>
    public double[] Gradient(
        double[] normalized, int target, string? layer = null, Func<double, double, Func<double, double>, double>? activation = null)
    {
        List<double[]> values = Forward(normalized);
        var signal = new double[values[^1].Length];
        signal[target] = 1;
        for (int l = layers.Count - 1; l >= 0 && layers[l].Name != layer; l--)
        {
            double[] behind = signal, x = values[l];
            if (layers[l].Derivative is { } derivative)
            {
                signal = [.. x.Select((value, i) => activation is null ? behind[i] * derivative(value) : activation(behind[i], value, derivative))];
                continue;
            }

            signal = new double[x.Length];
            foreach ((int i, int j, double w) in layers[l].Connections(x))
            {
                signal[i] += w * behind[j];
            }
        }

        return signal;
    }

    /// <summary>The output of a layer, as [C,h,w].</summary>
    public (double[] Values, int[] Shape) Output(double[] normalized, string layer)
    {
        int index = layers.FindIndex(entry => entry.Name == layer);
        return (Forward(normalized)[index + 1], layers[index].Shape);
    }

    /// <summary>
    /// Layer-wise relevance: R at the logits is the target logit; activations pass it on, maximum pools give it to the winner, linear layers follow
    /// a rule.
    /// </summary>
    public double[] Relevance(
        double[] normalized, int target, double[] lowest, double[] highest, bool withBias, Rule first, Rule convolution, Rule dense)
    {
        List<double[]> values = Forward(normalized);
        var relevance = new double[values[^1].Length];
        relevance[target] = values[^1][target];
        for (int l = layers.Count - 1; l >= 0; l--)
        {
            if (layers[l].Derivative is not null)
            {
                continue;
            }

            double[] behind = relevance;
            List<(int I, int J, double W)> connections = [.. layers[l].Connections(values[l])];
            if (layers[l].Kind is "convolution" or "linear")
            {
                Rule rule = layers.Take(l).All(before => before.Kind == "flatten") ? first : layers[l].Kind == "convolution" ? convolution : dense;
                relevance = rule(connections, withBias ? layers[l].Bias : null, values[l], values[l + 1], behind, lowest, highest);
                continue;
            }

            relevance = new double[values[l].Length];
            foreach ((int i, int j, double w) in connections)
            {
                relevance[i] += values[l + 1][j] == 0 ? 0 : values[l][i] * w / values[l + 1][j] * behind[j];
            }
        }

        return relevance;
    }

    private static (Layer Layer, int[] Shape) Describe(string name, nn.Module module, int[] at)
    {
        int size = at.Aggregate(1, (product, extent) => product * extent);
        switch (module)
        {
            case Conv2d convolution:
            {
                double[,,,] kernel = Values.Kernel(convolution.weight!);
                double[]? bias = convolution.bias is null ? null : Values.Of(convolution.bias);
                int k = kernel.GetLength(2), stride = (int)convolution.stride[0], padding = (int)convolution.padding![0];
                int[] next = [kernel.GetLength(0), ((at[1] + (2 * padding) - k) / stride) + 1, ((at[2] + (2 * padding) - k) / stride) + 1];
                List<(int, int, double)> connections = [];
                for (int o = 0; o < next[0]; o++)
                for (int y = 0; y < next[1]; y++)
                for (int x = 0; x < next[2]; x++)
                for (int c = 0; c < at[0]; c++)
                for (int i = 0; i < k; i++)
                for (int j = 0; j < k; j++)
                {
                    int row = (y * stride) + i - padding, column = (x * stride) + j - padding;
                    if (row >= 0 && row < at[1] && column >= 0 && column < at[2])
                    {
                        connections.Add((Index(at, c, row, column), Index(next, o, y, x), kernel[o, c, i, j]));
                    }
                }

                double[]? everywhere = bias is null
                    ? null
                    : [.. Enumerable.Range(0, next[0] * next[1] * next[2]).Select(j => bias[j / (next[1] * next[2])])];
                return (new Layer(name, "convolution", next, _ => connections, everywhere, null), next);
            }

            case Linear linear:
            {
                double[,] weight = Values.Matrix(linear.weight!);
                double[]? bias = linear.bias is null ? null : Values.Of(linear.bias);
                int outputs = weight.GetLength(0);
                var connections = from j in Enumerable.Range(0, outputs)
                                  from i in Enumerable.Range(0, weight.GetLength(1))
                                  select (i, j, weight[j, i]);
                return (new Layer(name, "linear", [outputs], _ => connections, bias, null), [outputs]);
            }

            case MaxPool2d:
            {
                int[] next = [at[0], at[1] / 2, at[2] / 2];
                return (new Layer(name, "pool", next, Winners, null, null), next);

                IEnumerable<(int, int, double)> Winners(double[] values)
                    => from c in Enumerable.Range(0, next[0])
                       from y in Enumerable.Range(0, next[1])
                       from x in Enumerable.Range(0, next[2])
                       let window = new[] { (0, 0), (0, 1), (1, 0), (1, 1) }.Select(d => Index(at, c, (2 * y) + d.Item1, (2 * x) + d.Item2))
                       select (window.MaxBy(i => values[i]), Index(next, c, y, x), 1.0);
            }

            case AdaptiveAvgPool2d:
                int area = at[1] * at[2];
                var shares = Enumerable.Range(0, size).Select(i => (i, i / area, 1.0 / area));
                return (new Layer(name, "average", [at[0]], _ => shares, null, null), [at[0]]);
            case Flatten:
                return (new Layer(name, "flatten", [size], _ => Enumerable.Range(0, size).Select(i => (i, i, 1.0)), null, null), [size]);
            case ActivationLayer { Activation: SoftplusActivation softplus }:
                double beta = softplus.Beta;
                var smooth = new Layer(name, "activation", at, _ => [], null, x => 1 / (1 + Math.Exp(-beta * x)))
                {
                    Function = x => Math.Log(1 + Math.Exp(beta * x)) / beta,
                };
                return (smooth, at);
            case ActivationLayer:
                return (new Layer(name, "activation", at, _ => [], null, x => x > 0 ? 1 : 0) { Function = x => Math.Max(x, 0) }, at);
            default:
                throw new NotSupportedException(module.GetType().Name);
        }
    }

    private static int Index(int[] shape, int c, int y, int x) => (((c * shape[1]) + y) * shape[2]) + x;

    private sealed record Layer(
        string Name,
        string Kind,
        int[] Shape,
        Func<double[], IEnumerable<(int I, int J, double W)>> Connections,
        double[]? Bias,
        Func<double, double>? Derivative)
    {
        public Func<double, double>? Function { get; init; }

        public double[] Apply(double[] x)
        {
            if (Function is not null)
            {
                return [.. x.Select(Function)];
            }

            double[] z = Bias is null ? new double[Shape.Aggregate(1, (product, extent) => product * extent)] : (double[])Bias.Clone();
            foreach ((int i, int j, double w) in Connections(x))
            {
                z[j] += w * x[i];
            }

            return z;
        }
    }
}
