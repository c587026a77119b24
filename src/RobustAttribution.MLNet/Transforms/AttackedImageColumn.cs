using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>A column of images as MLImages.</summary>
internal sealed class AttackedImageColumn(string name, InputSpecification input) : OutputColumn(name, new ImageDataViewType(input.Height, input.Width), null)
{
    public override OutputBuffer CreateBuffer(int capacity) => new Buffer(capacity, input);

    private sealed class Buffer(int capacity, InputSpecification input) : OutputBuffer
    {
        private readonly float[] pixels = new float[capacity * input.ValueCount]; // in [0, 1]

        public override Delegate CreateGetter(Func<int> row) => new ValueGetter<MLImage>((ref MLImage image) =>
        {
            int index = row();
            image?.Dispose();
            image = SaliencyImage.FromPixels(pixels.AsSpan(index * input.ValueCount, input.ValueCount), input.Channels, input.Height, input.Width);
        });

        public override void Fill(Tensor values) => Copy(values, pixels.AsSpan(0, (int)values.numel()), ScalarType.Float32);
    }
}
