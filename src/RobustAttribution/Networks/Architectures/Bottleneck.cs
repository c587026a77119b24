using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>1×1, 3×3 and 1×1 convolutions beside a shortcut (He et al. 2016, figure 5 right). Field names are torchvision's.</summary>
internal sealed class Bottleneck : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels that come out for each channel of the 3×3 convolution.</summary>
    public const int Expansion = 4;

    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly ActivationLayer relu2 = new();
    private readonly Conv2d conv3;
    private readonly BatchNorm2d bn3;
    private readonly Sequential? downsample;
    private readonly Sum sum = new();
    private readonly ActivationLayer relu3 = new();

    public Bottleneck(int input, int width, int stride, Generator? generator)
        : base(nameof(Bottleneck))
    {
        conv1 = InitializedLayers.ResidualConvolution(input, width, 1, 1, generator);
        bn1 = InitializedLayers.Normalization(width, generator);
        conv2 = InitializedLayers.ResidualConvolution(width, width, 3, stride, generator);
        bn2 = InitializedLayers.Normalization(width, generator);
        conv3 = InitializedLayers.ResidualConvolution(width, Expansion * width, 1, 1, generator);
        bn3 = InitializedLayers.Normalization(Expansion * width, generator);
        downsample = ResNet.Downsample(input, Expansion * width, stride, generator);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor branch = relu1.call(bn1.call(conv1.call(input)));
        branch = relu2.call(bn2.call(conv2.call(branch)));
        branch = bn3.call(conv3.call(branch));
        Tensor shortcut = downsample is null ? input : downsample.call(input);
        return relu3.call(sum.call(branch, shortcut)).MoveToOuterDisposeScope();
    }
}
