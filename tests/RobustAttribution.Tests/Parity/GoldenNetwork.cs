using RobustAttribution.Networks;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>The networks, weights and images of GoldenValues/Methods/generator, made here from the same integers.</summary>
internal static class GoldenNetwork
{
    public const int Count = 3;
    public const int Classes = 5;
    public const long Seed = 20230207;

    public static IReadOnlyDictionary<string, (int Size, NetworkArchitecture Architecture)> All { get; }
        = new Dictionary<string, (int, NetworkArchitecture)>
    {
        ["lenet"] = (12, new LeNetArchitecture()),
        ["resnet18"] = (16, new ResNetArchitecture { Width = 4, Stem = ResNetStem.SmallImages }),
        ["wideresnet16"] = (12, new WideResNetArchitecture { Depth = 16, WidthFactor = 1 }),
    };

    /// <summary>relu and softplus (β = 3), as the generator names them.</summary>
    public static Activation ActivationOf(string name) => name == "relu" ? Activation.Relu : Activation.Softplus(3);

    public static ImageNetwork Build(string name, string activation, ScalarType type)
    {
        (int size, NetworkArchitecture architecture) = All[name];
        var input = new InputSpecification(3, size, size) { Mean = [0.45, 0.5, 0.4], StandardDeviation = [0.25, 0.2, 0.3] };
        using var generator = new Generator(1, CPU);
        ImageNetwork network = ImageNetwork.Create(architecture, input, Classes, ActivationOf(activation), generator);
        network.MoveTo(CPU, ScalarType.Float64);
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        var parameters = network.Backbone.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter));
        foreach ((string key, Tensor value) in parameters.Concat(network.Backbone.named_buffers()))
        {
            if (!key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            {
                (double low, double high) = Range(key, value);
                value.copy_(Uniform(key, value.shape, low, high));
            }
        }

        network.MoveTo(TestDevice.Current, type);
        return network;
    }

    public static Tensor Images(ImageNetwork network)
        => Uniform("images", [Count, 3, network.Input.Height, network.Input.Width], 0, 1).to(network.DataType, network.Device);

    /// <summary>The images, each value 2⁻²¹ of itself (four units of float32's rounding) up or down; the seed says which.</summary>
    public static Tensor Neighbour(ImageNetwork network, int seed)
    {
        Tensor images = Images(network);
        Tensor change = Uniform($"neighbour {seed}", images.shape, -1, 1).to(network.Device).sign() * Math.Pow(2, -21);
        return (images * (1 + change)).clamp(0, 1).to(network.DataType, network.Device);
    }

    public static Tensor TrueClasses() => arange(0, Count, 1, ScalarType.Int64, TestDevice.Current).mul(2).remainder(Classes);

    /// <summary>Numbers in [low, high) from a linear congruential generator whose seed is the name's FNV-1a hash.</summary>
    public static Tensor Uniform(string name, long[] shape, double low, double high)
    {
        uint state = 2166136261;
        foreach (char letter in name)
        {
            state = (state ^ letter) * 16777619;
        }

        double[] values = new double[shape.Aggregate(1L, (product, extent) => product * extent)];
        for (int i = 0; i < values.Length; i++)
        {
            state = (1664525 * state) + 1013904223;
            values[i] = low + ((high - low) * (state / 4294967296.0));
        }

        return tensor(values, ScalarType.Float64, CPU).reshape(shape);
    }

    private static (double Low, double High) Range(string name, Tensor value)
    {
        if (value.dim() > 1)
        {
            double bound = Math.Sqrt(6.0 / (value.numel() / value.shape[0]));
            return (-bound, bound);
        }

        return name.EndsWith("running_var", StringComparison.Ordinal) ? (0.6, 1.4)
            : name.EndsWith("weight", StringComparison.Ordinal) ? (0.8, 1.2)
            : (-0.1, 0.1);
    }
}
