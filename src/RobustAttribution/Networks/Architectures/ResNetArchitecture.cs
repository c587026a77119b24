using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A residual network (He et al. 2016) in torchvision's layout, version 1.5: a bottleneck's stride is at its 3×3 convolution.</summary>
/// <remarks>
/// Parameter and buffer names are torchvision's: conv1, bn1, layer1.0.conv1, …, layer2.0.downsample.0, …, fc. Convolutions start from
/// N(0, 2/fan-out), as there. The stem for small images has the same names; its conv1 is 3×3 and it has no pool.
/// </remarks>
public sealed record ResNetArchitecture : NetworkArchitecture
{
    /// <summary>18 (two basic blocks in each stage) or 50 (3, 4, 6, 3 bottlenecks). 18 by default.</summary>
    public int Depth
    {
        get;
        init => field = value is 18 or 50
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Depth), value, $"{nameof(Depth)} is {value}; allowed are 18 and 50.");
    } = 18;

    /// <summary>The layers before the first stage. <see cref="ResNetStem.LargeImages"/>, torchvision's, by default.</summary>
    public ResNetStem Stem { get; init; } = ResNetStem.LargeImages;

    /// <summary>
    /// Stride of the last stage, 1 or 2. 2 by default; 1 gives maps of 14×14 for images of 224×224, as Singh et al. 2020 use for localisation. The
    /// weights are the same.
    /// </summary>
    public int LastStageStride { get; init => field = Require.InRange(value, 1, 2); } = 2;

    /// <summary>Channels of the first stage, 1 to 2,048; each further stage has twice as many. 64 by default.</summary>
    public int Width { get; init => field = Require.InRange(value, 1, Limits.LayerWidth / 32); } = 64;

    /// <summary>What the 3×3 pool of the stem for large images takes of each window. <see cref="Pooling.Max"/>, torchvision's, by default.</summary>
    public Pooling Pooling { get; init => field = Require.Defined(value); }

    /// <inheritdoc/>
    public override string FeatureLayer => "layer4";

    /// <inheritdoc/>
    public override string PooledHead => "fc";

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => BuildLayers(input, classCount, generator);

    private protected override nn.Module<Tensor, Tensor> BuildLayers(InputSpecification input, int classCount, Generator? generator)
    {
        RequireSize(input, 1);
        return new ResNet(this, input.Channels, classCount, generator);
    }
}

/// <summary>The layers of a ResNet before its first stage.</summary>
public enum ResNetStem
{
    /// <summary>A 3×3 convolution that keeps the size: for images of 32×32 or so.</summary>
    [JsonStringEnumMemberName("SmallPictures")] // its name in files
    SmallImages,

    /// <summary>A 7×7 convolution with stride 2 and a 3×3 pool with stride 2, as torchvision: for images of 224×224 or so.</summary>
    [JsonStringEnumMemberName("LargePictures")]
    LargeImages,
}
