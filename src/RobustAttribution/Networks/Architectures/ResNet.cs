using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The module behind <see cref="ResNetArchitecture"/>. Field names are torchvision's.</summary>
internal sealed class ResNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly ActivationLayer relu = new();
    private readonly nn.Module<Tensor, Tensor>? maxpool;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly AdaptiveAvgPool2d avgpool = nn.AdaptiveAvgPool2d(1);
    private readonly Flatten flatten = nn.Flatten();
    private readonly Linear fc;

    public ResNet(ResNetArchitecture architecture, int inputChannels, int classCount, Generator? generator)
        : base(nameof(ResNet))
    {
        bool large = architecture.Stem == ResNetStem.LargeImages;
        int width = architecture.Width;
        conv1 = InitializedLayers.ResidualConvolution(inputChannels, width, large ? 7 : 3, large ? 2 : 1, generator);
        bn1 = InitializedLayers.Normalization(width, generator);
        maxpool = !large ? null : architecture.Pooling == Pooling.Max ? nn.MaxPool2d(3, 2, 1) : nn.AvgPool2d(3, 2, 1);

        int channels = width;
        int[] depths = architecture.Depth == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3];
        layer1 = Stage(depths[0], width, 1);
        layer2 = Stage(depths[1], 2 * width, 2);
        layer3 = Stage(depths[2], 4 * width, 2);
        layer4 = Stage(depths[3], 8 * width, architecture.LastStageStride);
        fc = InitializedLayers.Linear(channels, classCount, generator);
        RegisterComponents();

        Sequential Stage(int depth, int stageWidth, int stride)
        {
            var blocks = new nn.Module<Tensor, Tensor>[depth];
            for (int i = 0; i < depth; i++)
            {
                int blockStride = i == 0 ? stride : 1;
                blocks[i] = architecture.Depth == 18
                    ? new BasicBlock(channels, stageWidth, blockStride, generator)
                    : new Bottleneck(channels, stageWidth, blockStride, generator);
                channels = architecture.Depth == 18 ? stageWidth : Bottleneck.Expansion * stageWidth;
            }

            return nn.Sequential(blocks);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor x = relu.call(bn1.call(conv1.call(input)));
        x = maxpool is null ? x : maxpool.call(x);
        x = layer4.call(layer3.call(layer2.call(layer1.call(x))));
        return fc.call(flatten.call(avgpool.call(x))).MoveToOuterDisposeScope(); // [N,K]
    }

    /// <summary>The 1×1 convolution that adapts the shortcut of a block that changes channels or size; null where it changes neither.</summary>
    internal static Sequential? Downsample(int input, int output, int stride, Generator? generator)
        => input == output && stride == 1
            ? null
            : nn.Sequential(
                InitializedLayers.ResidualConvolution(input, output, 1, stride, generator), InitializedLayers.Normalization(output, generator));
}
