using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// A wide residual network for 32×32 images, with the activation before each convolution (Zagoruyko and Komodakis 2016), without dropout.
/// </summary>
/// <remarks>
/// Parameter and buffer names are those of the usual PyTorch implementations: conv1; block1 … block3, each with .layer.0, .layer.1, … holding bn1,
/// conv1, bn2, conv2 and, where a block changes channels or size, convShortcut; bn1; fc. Convolutions start from N(0, 2/fan-out).
/// </remarks>
public sealed record WideResNetArchitecture : NetworkArchitecture
{
    /// <summary>Layers: 6n + 4 for n blocks in each of the three stages, 10 to 1,204. 28 by default.</summary>
    public int Depth
    {
        get;
        init => field = value is >= 10 and <= Limits.Layers && value % 6 == 4
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(Depth), value, $"{nameof(Depth)} is {value}; allowed are 10, 16, 22, 28, 34, 40, … {Limits.Layers} (6n + 4).");
    } = 28;

    /// <summary>k: the stages have 16k, 32k and 64k channels; 1 to 1,024. 10 by default.</summary>
    public int WidthFactor { get; init => field = Require.InRange(value, 1, Limits.LayerWidth / 64); } = 10;

    /// <inheritdoc/>
    public override string FeatureLayer => "relu";

    /// <inheritdoc/>
    public override string PooledHead => "fc";

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => BuildLayers(input, classCount, generator);

    private protected override nn.Module<Tensor, Tensor> BuildLayers(InputSpecification input, int classCount, Generator? generator)
    {
        RequireSize(input, 1);
        return new WideResNet(this, input.Channels, classCount, generator);
    }
}
