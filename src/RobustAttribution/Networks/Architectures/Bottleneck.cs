using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>1×1, 3×3 and 1×1 convolutions beside a shortcut (He et al. 2016, figure 5 right). Field names are torchvision's.</summary>
internal sealed class Bottleneck : LayeredModule
{
    /// <summary>Channels that come out for each channel of the 3×3 convolution.</summary>
    public const int Expansion = 4;

    private readonly ConvolutionLayer conv1;
    private readonly BatchNormalizationLayer bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly ConvolutionLayer conv2;
    private readonly BatchNormalizationLayer bn2;
    private readonly ActivationLayer relu2 = new();
    private readonly ConvolutionLayer conv3;
    private readonly BatchNormalizationLayer bn3;
    private readonly LayerSequence? downsample;
    private readonly ActivationLayer relu3 = new();

    public Bottleneck(int input, int width, int stride, Generator generator)
        : base(nameof(Bottleneck))
    {
        conv1 = ResNet.Convolution(input, width, 1, 1, generator);
        bn1 = new BatchNormalizationLayer(width);
        conv2 = ResNet.Convolution(width, width, 3, stride, generator);
        bn2 = new BatchNormalizationLayer(width);
        conv3 = ResNet.Convolution(width, Expansion * width, 1, 1, generator);
        bn3 = new BatchNormalizationLayer(Expansion * width);
        downsample = ResNet.Downsample(input, Expansion * width, stride, generator);
        RegisterComponents();
    }

    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor branch = runner.Apply(relu1, runner.Apply(conv1, bn1, input));
        branch = runner.Apply(relu2, runner.Apply(conv2, bn2, branch));
        branch = runner.Apply(conv3, bn3, branch);
        Tensor shortcut = downsample is null ? input : runner.Apply(downsample, input);
        return runner.Apply(relu3, runner.Add(branch, shortcut));
    }
}
