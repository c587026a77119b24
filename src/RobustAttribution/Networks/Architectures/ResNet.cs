using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The module behind <see cref="ResNetArchitecture"/>. Field names are torchvision's.</summary>
internal sealed class ResNet : LayeredModule
{
    private readonly ConvolutionLayer conv1;
    private readonly BatchNormalizationLayer bn1;
    private readonly ActivationLayer relu = new();
    private readonly MaxPoolLayer? maxpool;
    private readonly LayerSequence layer1;
    private readonly LayerSequence layer2;
    private readonly LayerSequence layer3;
    private readonly LayerSequence layer4;
    private readonly GlobalAveragePoolLayer avgpool = new();
    private readonly LinearLayer fc;

    public ResNet(ResNetArchitecture architecture, int inputChannels, int classCount, Generator generator)
        : base(nameof(ResNet))
    {
        bool large = architecture.Stem == ResNetStem.LargePictures;
        int width = architecture.Width;
        conv1 = large ? Convolution(inputChannels, width, 7, 2, generator) : Convolution(inputChannels, width, 3, 1, generator);
        bn1 = new BatchNormalizationLayer(width);
        maxpool = large ? new MaxPoolLayer(3, 2, 1) : null;

        int channels = width;
        int[] depths = architecture.Depth == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3];
        layer1 = Stage(depths[0], width, 1);
        layer2 = Stage(depths[1], 2 * width, 2);
        layer3 = Stage(depths[2], 4 * width, 2);
        layer4 = Stage(depths[3], 8 * width, architecture.LastStageStride);
        fc = new LinearLayer(channels, classCount, true, generator);
        RegisterComponents();

        LayerSequence Stage(int depth, int stageWidth, int stride)
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

            return new LayerSequence(blocks);
        }
    }

    public override string FeatureLayer => nameof(layer4);

    public override LinearLayer PooledHead => fc;

    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor x = runner.Apply(relu, runner.Apply(conv1, bn1, input));
        x = maxpool is null ? x : runner.Apply(maxpool, x);
        x = runner.Apply(layer1, x);
        x = runner.Apply(layer2, x);
        x = runner.Apply(layer3, x);
        x = runner.Apply(layer4, x);
        return runner.Apply(fc, runner.Apply(avgpool, x)); // [N,K]
    }

    /// <summary>A convolution without bias that keeps the size but for its stride, initialised as torchvision does.</summary>
    internal static ConvolutionLayer Convolution(int input, int output, int kernel, int stride, Generator generator)
        => new(input, output, kernel, stride, kernel / 2, false, generator, InitialWeights.KaimingNormalFanOut);

    /// <summary>The 1×1 convolution that fits the shortcut to a block that changes channels or size; null where it changes neither.</summary>
    internal static LayerSequence? Downsample(int input, int output, int stride, Generator generator)
        => input == output && stride == 1 ? null : new LayerSequence(Convolution(input, output, 1, stride, generator), new BatchNormalizationLayer(output));
}
