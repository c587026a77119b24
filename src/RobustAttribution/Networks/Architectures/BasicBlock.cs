using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Two 3×3 convolutions beside a shortcut (He et al. 2016, figure 5 left). Field names are torchvision's.</summary>
internal sealed class BasicBlock : LayeredModule
{
    private readonly ConvolutionLayer conv1;
    private readonly BatchNormalizationLayer bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly ConvolutionLayer conv2;
    private readonly BatchNormalizationLayer bn2;
    private readonly LayerSequence? downsample;
    private readonly ActivationLayer relu2 = new();

    public BasicBlock(int input, int width, int stride, Generator generator)
        : base(nameof(BasicBlock))
    {
        conv1 = ResNet.Convolution(input, width, 3, stride, generator);
        bn1 = new BatchNormalizationLayer(width);
        conv2 = ResNet.Convolution(width, width, 3, 1, generator);
        bn2 = new BatchNormalizationLayer(width);
        downsample = ResNet.Downsample(input, width, stride, generator);
        RegisterComponents();
    }

    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor branch = runner.Apply(relu1, runner.Apply(conv1, bn1, input));
        branch = runner.Apply(conv2, bn2, branch);
        Tensor shortcut = downsample is null ? input : runner.Apply(downsample, input);
        return runner.Apply(relu2, runner.Add(branch, shortcut));
    }
}
