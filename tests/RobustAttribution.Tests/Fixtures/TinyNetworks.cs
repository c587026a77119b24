using RobustAttribution.Networks;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Small random networks, in float64 unless a test wants otherwise, and batches for them. Equal seeds give equal networks.</summary>
internal static class TinyNetworks
{
    /// <summary>β = 2: smooth enough for finite differences, far below the threshold where softplus turns linear.</summary>
    public static Activation Smooth { get; } = Activation.Softplus(2);

    public static InputSpecification Input(int channels = 2, int size = 8) => new(channels, size, size)
    {
        Mean = [.. Enumerable.Range(0, channels).Select(channel => 0.4 + (0.1 * channel))],
        StandardDeviation = [.. Enumerable.Range(0, channels).Select(channel => 0.3 - (0.05 * channel))],
    };

    /// <summary>A convolution net of the SmallConvNet kind with 3, 4 channels and 5 hidden units.</summary>
    public static ImageNetwork Convolutional(
        ulong seed = 1, Activation? activation = null, int channels = 2, int size = 8, int classes = 4, ScalarType type = ScalarType.Float64)
    {
        var architecture = new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5 };
        return Create(architecture, seed, activation, channels, size, classes, type);
    }

    /// <summary>Logits that are an affine function of the normalised image.</summary>
    public static ImageNetwork Linear(ulong seed = 1, int channels = 2, int size = 8, int classes = 4, ScalarType type = ScalarType.Float64)
    {
        using var generator = new Generator(seed, CPU);
        var backbone = nn.Sequential(nn.Flatten(), SeededLayers.Linear(channels * size * size, classes, generator));
        var network = new ImageNetwork(backbone, Input(channels, size), classes);
        network.MoveTo(TestDevice.Current, type);
        return network;
    }

    /// <summary>A ResNet-18 with 2, 4, 8, 16 channels and a 3×3 stem, in evaluation mode, its batch normalisations as if trained.</summary>
    public static ImageNetwork Residual(
        ulong seed = 1, Activation? activation = null, int channels = 2, int size = 8, int classes = 4, ScalarType type = ScalarType.Float64)
    {
        var architecture = new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages };
        return Trained(Create(architecture, seed, activation, channels, size, classes, type), seed);
    }

    /// <summary>A WideResNet-10-1, in evaluation mode, its batch normalisations as if it had been trained.</summary>
    public static ImageNetwork Wide(
        ulong seed = 1, Activation? activation = null, int channels = 2, int size = 8, int classes = 4, ScalarType type = ScalarType.Float64)
        => Trained(Create(new WideResNetArchitecture { Depth = 10, WidthFactor = 1 }, seed, activation, channels, size, classes, type), seed);

    /// <summary>Gives every batch normalisation random scales, shifts and statistics, and puts the network in evaluation mode.</summary>
    public static ImageNetwork Trained(ImageNetwork network, ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        using var mode = no_grad();
        foreach (nn.Module module in network.Backbone.modules().OfType<BatchNorm2d>())
        {
            var state = module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)).Concat(module.named_buffers());
            foreach ((string name, Tensor value) in state.Where(entry => entry.Item2.dim() == 1))
            {
                bool factor = name is "weight" or "running_var";
                using Tensor drawn = empty(value.shape, value.dtype, CPU).uniform_(factor ? 0.5 : -0.3, factor ? 1.5 : 0.3, generator);
                value.copy_(drawn);
            }
        }

        network.Backbone.eval();
        return network;
    }

    /// <summary>Sets every bias, and every mean of a batch normalisation, to zero.</summary>
    public static ImageNetwork WithoutBiases(ImageNetwork network)
    {
        using var mode = no_grad();
        nn.Module module = network.Backbone;
        var state = module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)).Concat(module.named_buffers());
        foreach ((string name, Tensor value) in state)
        {
            if (!name.EndsWith("bias", StringComparison.Ordinal) && !name.EndsWith("running_mean", StringComparison.Ordinal))
            {
                continue;
            }

            value.zero_();
        }

        return network;
    }

    public static ImageNetwork Create(
        NetworkArchitecture architecture,
        ulong seed = 1,
        Activation? activation = null,
        int channels = 2,
        int size = 8,
        int classes = 4,
        ScalarType type = ScalarType.Float64)
    {
        using var generator = new Generator(seed, CPU);
        ImageNetwork network = ImageNetwork.Create(architecture, Input(channels, size), classes, activation ?? Smooth, generator);
        network.MoveTo(TestDevice.Current, type);
        return network;
    }

    /// <summary>Uniform images in [0, 1] and random classes.</summary>
    public static (Tensor Images, Tensor Classes) Batch(ImageNetwork network, int count = 3, ulong seed = 7)
    {
        using var generator = new Generator(seed, CPU);
        InputSpecification input = network.Input;
        long[] shape = [count, input.Channels, input.Height, input.Width];
        Tensor images = rand(shape, ScalarType.Float64, CPU, false, generator).to(network.DataType, network.Device);
        Tensor classes = randint(0L, network.ClassCount, new long[] { count }, ScalarType.Int64, CPU, false, generator).to(network.Device);
        return (images, classes);
    }
}
