using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>A column of maps drawn as MLImages: alone, or laid over their images.</summary>
internal sealed class SaliencyImageColumn(string name, InputSpecification input, bool overlay)
    : OutputColumn(name, new ImageDataViewType(input.Height, input.Width), null)
{
    public override OutputBuffer CreateBuffer(int capacity) => new SaliencyImageBuffer(capacity, input, overlay);
}

/// <summary>The values behind a <see cref="SaliencyImageColumn"/>; each image is drawn when it is asked for.</summary>
internal sealed class SaliencyImageBuffer(int capacity, InputSpecification input, bool overlay) : OutputBuffer
{
    private readonly float[] pixels = new float[overlay ? capacity * input.ValueCount : 0];
    private readonly float[] maps = new float[capacity * input.Height * input.Width];

    public override Delegate CreateGetter(Func<int> row) => new ValueGetter<MLImage>((ref MLImage image) =>
    {
        int index = row();
        image?.Dispose();
        ReadOnlySpan<float> map = maps.AsSpan(index * input.Height * input.Width, input.Height * input.Width);
        image = overlay
            ? SaliencyImage.Overlay(pixels.AsSpan(index * input.ValueCount, input.ValueCount), input.Channels, map, input.Height, input.Width)
            : SaliencyImage.HeatMap(map, input.Height, input.Width);
    });

    public override void Fill(Tensor values) => Copy(values, maps.AsSpan(0, (int)values.numel()), ScalarType.Float32);

    /// <summary>Takes images [N,C,H,W] and their maps [N,H,W].</summary>
    public void Fill(Tensor images, Tensor values)
    {
        Fill(values);
        if (overlay)
        {
            Copy(images, pixels.AsSpan(0, (int)images.numel()), ScalarType.Float32);
        }
    }
}
