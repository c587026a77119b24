using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Layers of torch.nn with weights from a generator, uniform in ±1/√fan-in.</summary>
internal static class SeededLayers
{
    public static Conv2d Convolution(int input, int output, int kernel, int stride, int padding, bool hasBias, Generator generator)
    {
        Conv2d layer = nn.Conv2d(input, output, kernel, stride, padding, bias: hasBias);
        Fill(1 / Math.Sqrt(input * kernel * kernel), generator, layer.weight, layer.bias);
        return layer;
    }

    public static Linear Linear(int input, int output, Generator generator)
    {
        Linear layer = nn.Linear(input, output);
        Fill(1 / Math.Sqrt(input), generator, layer.weight, layer.bias);
        return layer;
    }

    private static void Fill(double bound, Generator generator, params Parameter?[] parameters)
    {
        using IDisposable mode = no_grad();
        foreach (Parameter parameter in parameters.OfType<Parameter>())
        {
            parameter.uniform_(-bound, bound, generator);
        }
    }
}
