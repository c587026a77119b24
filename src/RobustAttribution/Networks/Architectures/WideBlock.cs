using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Normalise, activate, convolve, twice, beside a shortcut (Zagoruyko and Komodakis 2016, figure 1c).</summary>
/// <remarks>
/// The shortcut of a block that changes channels or size is the output of the first activation, through a 1×1 convolution; that of any other block
/// is its input.
/// </remarks>
internal sealed class WideBlock : nn.Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn2;
    private readonly ActivationLayer relu2 = new();
    private readonly Conv2d conv2;
    private readonly Conv2d? convShortcut;
    private readonly Sum sum = new();

    public WideBlock(int input, int output, int stride, Generator? generator)
        : base(nameof(WideBlock))
    {
        bn1 = InitializedLayers.Normalization(input, generator);
        conv1 = InitializedLayers.ResidualConvolution(input, output, 3, stride, generator);
        bn2 = InitializedLayers.Normalization(output, generator);
        conv2 = InitializedLayers.ResidualConvolution(output, output, 3, 1, generator);
        convShortcut = input == output && stride == 1 ? null : InitializedLayers.ResidualConvolution(input, output, 1, stride, generator);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor activated = relu1.call(bn1.call(input));
        Tensor branch = conv2.call(relu2.call(bn2.call(conv1.call(activated))));
        return sum.call(branch, convShortcut is null ? input : convShortcut.call(activated)).MoveToOuterDisposeScope();
    }
}
