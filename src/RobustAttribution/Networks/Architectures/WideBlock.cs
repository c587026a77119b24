using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// Normalise, activate, convolve, twice, beside a shortcut (Zagoruyko and Komodakis 2016, figure 1c). A block that changes the channels takes its shortcut behind the
/// first activation, through a 1×1 convolution; any other takes its input as it is.
/// </summary>
internal sealed class WideBlock : LayeredModule
{
    private readonly BatchNormalizationLayer bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly ConvolutionLayer conv1;
    private readonly BatchNormalizationLayer bn2;
    private readonly ActivationLayer relu2 = new();
    private readonly ConvolutionLayer conv2;
    private readonly ConvolutionLayer? convShortcut;

    public WideBlock(int input, int output, int stride, Generator generator)
        : base(nameof(WideBlock))
    {
        bn1 = new BatchNormalizationLayer(input);
        conv1 = ResNet.Convolution(input, output, 3, stride, generator);
        bn2 = new BatchNormalizationLayer(output);
        conv2 = ResNet.Convolution(output, output, 3, 1, generator);
        convShortcut = input == output && stride == 1 ? null : ResNet.Convolution(input, output, 1, stride, generator);
        RegisterComponents();
    }

    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor activated = runner.Apply(relu1, runner.Apply(bn1, input));
        Tensor branch = runner.Apply(relu2, runner.Apply(conv1, bn2, activated));
        branch = runner.Apply(conv2, branch);
        return runner.Add(branch, convShortcut is null ? input : runner.Apply(convShortcut, activated));
    }
}
