using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Layers of torch.nn whose initial weights come from one generator, from the distributions of PyTorch and torchvision.</summary>
/// <remarks>
/// The layers are built without memory first (on the device "meta"), so that their constructors draw nothing from the global generator. Where the
/// generator is null they stay so: a network of shapes alone, to compare with a file before memory is taken.
/// </remarks>
internal static class InitializedLayers
{
    /// <summary>A convolution without bias, padded to keep the size but for its stride, from N(0, 2/fan-out) (He et al. 2015).</summary>
    /// <remarks>As in torchvision's ResNets.</remarks>
    public static Conv2d ResidualConvolution(int input, int output, int kernel, int stride, Generator? generator)
    {
        Conv2d layer = nn.Conv2d(input, output, kernel, stride, kernel / 2, bias: false, device: META);
        double fanOut = (double)output * kernel * kernel;
        if (generator is not null)
        {
            layer.weight = Own(Fresh(output, input, kernel, kernel).normal_(0, Math.Sqrt(2 / fanOut), generator));
        }

        return layer;
    }

    /// <summary>A 3×3 convolution that keeps the size, from PyTorch's default: weights and bias uniform in ±1/√fan-in.</summary>
    public static Conv2d Convolution(int input, int output, Generator? generator)
    {
        Conv2d layer = nn.Conv2d(input, output, 3, padding: 1, device: META);
        double bound = 1 / Math.Sqrt(input * 9);
        if (generator is not null)
        {
            layer.weight = Own(Fresh(output, input, 3, 3).uniform_(-bound, bound, generator));
            layer.bias = Own(Fresh(output).uniform_(-bound, bound, generator));
        }

        return layer;
    }

    /// <summary>A linear layer from PyTorch's default: weights and bias uniform in ±1/√fan-in.</summary>
    public static Linear Linear(long input, int output, Generator? generator)
    {
        Linear layer = nn.Linear(input, output, device: META);
        double bound = 1 / Math.Sqrt(input);
        if (generator is not null)
        {
            layer.weight = Own(Fresh(output, input).uniform_(-bound, bound, generator));
            layer.bias = Own(Fresh(output).uniform_(-bound, bound, generator));
        }

        return layer;
    }

    /// <summary>Batch normalisation, which draws nothing.</summary>
    public static BatchNorm2d Normalization(int channels, Generator? generator)
        => nn.BatchNorm2d(channels, device: generator is null ? META : CPU);

    private static Tensor Fresh(params long[] shape) => empty(shape, ScalarType.Float32, CPU);

    private static Parameter Own(Tensor values) => new(values, requires_grad: true);
}
