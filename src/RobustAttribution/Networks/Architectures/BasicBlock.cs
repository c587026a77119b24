using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Two 3×3 convolutions beside a shortcut (He et al. 2016, figure 5 left). Field names are torchvision's.</summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly ActivationLayer relu1 = new();
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Sequential? downsample;
    private readonly Sum sum = new();
    private readonly ActivationLayer relu2 = new();

    public BasicBlock(int input, int width, int stride, Generator? generator)
        : base(nameof(BasicBlock))
    {
        conv1 = InitializedLayers.ResidualConvolution(input, width, 3, stride, generator);
        bn1 = InitializedLayers.Normalization(width, generator);
        conv2 = InitializedLayers.ResidualConvolution(width, width, 3, 1, generator);
        bn2 = InitializedLayers.Normalization(width, generator);
        downsample = ResNet.Downsample(input, width, stride, generator);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor branch = relu1.call(bn1.call(conv1.call(input)));
        branch = bn2.call(conv2.call(branch));
        Tensor shortcut = downsample is null ? input : downsample.call(input);
        return relu2.call(sum.call(branch, shortcut)).MoveToOuterDisposeScope();
    }
}
