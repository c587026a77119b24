using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>TorchVision's networks with an eighth of their channels: every module and every operation of theirs, a small part of the work.</summary>
internal static class NarrowNetworks
{
    /// <summary>The share of the channels that stays.</summary>
    public const int Divisor = 8;

    /// <summary>Takes channels out of each layer of a network without groups; the images' channels and the classes stay.</summary>
    /// <returns>The same network.</returns>
    public static nn.Module<Tensor, Tensor> Narrow(nn.Module<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Conv2d first = network.modules().OfType<Conv2d>().First();
        Linear last = network.modules().OfType<Linear>().Last();
        foreach (nn.Module module in network.modules())
        {
            switch (module)
            {
                case Conv2d layer:
                    layer.weight = Parameter(Weight(layer.weight!, Divisor, layer == first ? 1 : Divisor));
                    layer.bias = layer.bias is { } shift ? Parameter(Part(shift)) : null;
                    CheckedChannels(layer) = layer.weight.shape[1];
                    break;
                case Linear layer:
                    layer.weight = Parameter(Weight(layer.weight!, layer == last ? 1 : Divisor, Divisor));
                    layer.bias = Parameter(layer == last ? layer.bias! : Part(layer.bias!));
                    break;
                case BatchNorm2d layer:
                    (layer.weight, layer.bias) = (Parameter(Part(layer.weight!)), Parameter(Part(layer.bias!)));
                    layer.running_mean = Part(layer.running_mean!).DetachFromDisposeScope();
                    layer.running_var = Part(layer.running_var!).DetachFromDisposeScope();
                    break;
            }
        }

        return network;
    }

    // As large as before in the mean: fewer inputs, larger weights.
    private static Tensor Weight(Tensor weight, int fewerOutputs, int fewerInputs)
        => weight.narrow(0, 0, weight.shape[0] / fewerOutputs).narrow(1, 0, weight.shape[1] / fewerInputs) * Math.Sqrt(fewerInputs);

    private static Tensor Part(Tensor values) => values.narrow(0, 0, values.shape[0] / Divisor).clone();

    private static Parameter Parameter(Tensor values) => (Parameter)new Parameter(values.clone()).DetachFromDisposeScope();

    // What TorchSharp compares with the image's.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<in_channels>k__BackingField")]
    private static extern ref long CheckedChannels(Convolution layer);
}
