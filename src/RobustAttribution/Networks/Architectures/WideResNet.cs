using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The module behind <see cref="WideResNetArchitecture"/>.</summary>
internal sealed class WideResNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Sequential block1;
    private readonly Sequential block2;
    private readonly Sequential block3;
    private readonly BatchNorm2d bn1;
    private readonly ActivationLayer relu = new();
    private readonly AdaptiveAvgPool2d avgpool = nn.AdaptiveAvgPool2d(1);
    private readonly Flatten flatten = nn.Flatten();
    private readonly Linear fc;

    public WideResNet(WideResNetArchitecture architecture, int inputChannels, int classCount, Generator? generator)
        : base(nameof(WideResNet))
    {
        int blocks = (architecture.Depth - 4) / 6;
        int width = 16 * architecture.WidthFactor;
        conv1 = InitializedLayers.ResidualConvolution(inputChannels, 16, 3, 1, generator);
        block1 = Stage(16, width, 1);
        block2 = Stage(width, 2 * width, 2);
        block3 = Stage(2 * width, 4 * width, 2);
        bn1 = InitializedLayers.Normalization(4 * width, generator);
        fc = InitializedLayers.Linear(4 * width, classCount, generator);
        RegisterComponents();

        Sequential Stage(int input, int output, int stride)
            => nn.Sequential(("layer", nn.Sequential(
                Enumerable.Range(0, blocks)
                    .Select(i => new WideBlock(i == 0 ? input : output, output, i == 0 ? stride : 1, generator))
                    .ToArray<nn.Module<Tensor, Tensor>>())));
    }

    public override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor x = block3.call(block2.call(block1.call(conv1.call(input))));
        x = relu.call(bn1.call(x));
        return fc.call(flatten.call(avgpool.call(x))).MoveToOuterDisposeScope(); // [N,K]
    }
}
