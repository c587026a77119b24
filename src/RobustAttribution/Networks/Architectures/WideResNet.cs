using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The module behind <see cref="WideResNetArchitecture"/>.</summary>
internal sealed class WideResNet : LayeredModule
{
    private readonly ConvolutionLayer conv1;
    private readonly LayerSequence block1;
    private readonly LayerSequence block2;
    private readonly LayerSequence block3;
    private readonly BatchNormalizationLayer bn1;
    private readonly ActivationLayer relu = new();
    private readonly GlobalAveragePoolLayer avgpool = new();
    private readonly LinearLayer fc;

    public WideResNet(WideResNetArchitecture architecture, int inputChannels, int classCount, Generator generator)
        : base(nameof(WideResNet))
    {
        int blocks = (architecture.Depth - 4) / 6;
        int width = 16 * architecture.WidthFactor;
        conv1 = ResNet.Convolution(inputChannels, 16, 3, 1, generator);
        block1 = Stage(16, width, 1);
        block2 = Stage(width, 2 * width, 2);
        block3 = Stage(2 * width, 4 * width, 2);
        bn1 = new BatchNormalizationLayer(4 * width);
        fc = new LinearLayer(4 * width, classCount, true, generator);
        RegisterComponents();

        LayerSequence Stage(int input, int output, int stride)
            => new(null, ("layer", new LayerSequence(
                [.. Enumerable.Range(0, blocks).Select(i => new WideBlock(i == 0 ? input : output, output, i == 0 ? stride : 1, generator))])));
    }

    public override string FeatureLayer => nameof(relu);

    public override LinearLayer PooledHead => fc;

    public override Tensor Run(Tensor input, ILayerRunner runner)
    {
        Tensor x = runner.Apply(conv1, input);
        x = runner.Apply(block1, x);
        x = runner.Apply(block2, x);
        x = runner.Apply(block3, x);
        x = runner.Apply(relu, runner.Apply(bn1, x));
        return runner.Apply(fc, runner.Apply(avgpool, x)); // [N,K]
    }
}
