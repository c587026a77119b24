using SkiaSharp;

namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>Images as the network sees them: of its size, resampled as the library does in training, C·H·W values in [0, 1].</summary>
internal static class NetworkImage
{
    /// <summary>An image file as 4 bytes a pixel: blue, green, red, alpha.</summary>
    /// <exception cref="InvalidDataException">It is no image.</exception>
    public static SKBitmap Decode(string file)
    {
        using var codec = SKCodec.Create(file) ?? throw new InvalidDataException($"'{file}' cannot be decoded as an image.");
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Bgra8888, SKAlphaType.Premul);
        return SKBitmap.Decode(codec, info) ?? throw new InvalidDataException($"'{file}' cannot be decoded as an image.");
    }

    /// <summary>The pixels for a model.</summary>
    public static float[] Read(string file, OnnxClassifier model)
    {
        using SKBitmap image = Decode(file);
        var placement = Placement.Of(model, image.Width, image.Height);
        var across = new TriangleFilter(image.Width, model.Width, placement.ScaleX, placement.OffsetX);
        var down = new TriangleFilter(image.Height, model.Height, placement.ScaleY, placement.OffsetY);
        float[] result = new float[model.Channels * model.Height * model.Width];
        ReadOnlySpan<byte> bytes = image.GetPixelSpan();
        float[] plane = new float[image.Width * image.Height];
        for (int channel = 0; channel < model.Channels; channel++)
        {
            for (int i = 0; i < plane.Length; i++)
            {
                ReadOnlySpan<byte> pixel = bytes.Slice(4 * i, 4);
                plane[i] = model.Channels == 1 ? (0.299f * pixel[2]) + (0.587f * pixel[1]) + (0.114f * pixel[0]) : pixel[2 - channel];
            }

            float[] narrow = across.Apply(plane, image.Height, stride: 1, lineLength: image.Width);
            float[] small = down.Apply(narrow, model.Width, stride: model.Width, lineLength: 1);
            for (int i = 0; i < small.Length; i++)
            {
                int place = (i % model.Height * model.Width) + (i / model.Height); // column by column to row by row
                result[(channel * small.Length) + place] = MathF.Round(small[i]) / 255;
            }
        }

        return result;
    }
}
