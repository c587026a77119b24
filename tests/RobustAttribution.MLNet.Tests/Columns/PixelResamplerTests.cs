using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Tests.Columns;

/// <summary>Resampling against the definition in double loops, and its policies.</summary>
[TestClass]
public sealed class PixelResamplerTests
{
    [TestMethod]
    [DataRow(7, 5, 4, 3)]
    [DataRow(4, 3, 9, 8)]
    [DataRow(20, 20, 3, 3)]
    [DataRow(5, 5, 5, 5)]
    public void FillIsATriangleFilter(int sourceWidth, int sourceHeight, int width, int height)
    {
        byte[] pixels = Random(sourceWidth, sourceHeight);
        float[] found = new float[3 * height * width];
        new PixelResampler(3, height, width, ResizePolicy.Fill).Resample(pixels, sourceWidth, sourceHeight, blueFirst: false, found);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    double expected = Definition(pixels, channel, sourceWidth, sourceHeight, x, y, width, height);
                    Assert.AreEqual(expected, found[(((channel * height) + y) * width) + x] * 255, 0.51, $"channel {channel}, ({x}, {y})");
                }
            }
        }
    }

    [TestMethod]
    public void PadKeepsTheProportionsOnBlack()
    {
        byte[] white = new byte[4 * 8 * 4];
        white.AsSpan().Fill(255); // 8 wide, 4 high
        float[] found = new float[16];
        new PixelResampler(1, 4, 4, ResizePolicy.Pad).Resample(white, 8, 4, blueFirst: true, found);
        CollectionAssert.AreEqual(new float[] { 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 }, found);
    }

    [TestMethod]
    public void CropTakesTheMiddle()
    {
        byte[] pixels = new byte[4 * 8 * 4];
        for (int i = 0; i < 32; i++)
        {
            pixels.AsSpan(4 * i, 4).Fill((byte)(i % 8 is >= 2 and < 6 ? 200 : 0));
        }

        float[] found = new float[16];
        new PixelResampler(1, 4, 4, ResizePolicy.Crop).Resample(pixels, 8, 4, blueFirst: true, found);
        Assert.IsTrue(found.All(value => value == 200 / 255f), string.Join(' ', found));
    }

    [TestMethod]
    [DataRow(300, 270)]
    [DataRow(200, 400)]
    [DataRow(256, 256)]
    [DataRow(224, 224)]
    public void CenterCropIsTheMiddle224OfACropTo256(int sourceWidth, int sourceHeight)
    {
        byte[] pixels = Random(sourceWidth, sourceHeight);
        float[] whole = new float[3 * 256 * 256];
        float[] found = new float[3 * 224 * 224];
        new PixelResampler(3, 256, 256, ResizePolicy.Crop).Resample(pixels, sourceWidth, sourceHeight, blueFirst: true, whole);
        new PixelResampler(3, 224, 224, ResizePolicy.CenterCrop).Resample(pixels, sourceWidth, sourceHeight, blueFirst: true, found);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < 224; y++)
            {
                for (int x = 0; x < 224; x++)
                {
                    Assert.AreEqual(whole[(((channel * 256) + y + 16) * 256) + x + 16], found[(((channel * 224) + y) * 224) + x], $"channel {channel}, ({x}, {y})");
                }
            }
        }
    }

    [TestMethod]
    public void ColoursAndGreyAreInTheRightOrder()
    {
        byte[] pixel = [10, 100, 200, 255];
        float[] colours = new float[3];
        new PixelResampler(3, 1, 1, ResizePolicy.Fill).Resample(pixel, 1, 1, blueFirst: true, colours);
        CollectionAssert.AreEqual(new[] { 200 / 255f, 100 / 255f, 10 / 255f }, colours);
        new PixelResampler(3, 1, 1, ResizePolicy.Fill).Resample(pixel, 1, 1, blueFirst: false, colours);
        CollectionAssert.AreEqual(new[] { 10 / 255f, 100 / 255f, 200 / 255f }, colours);
        float[] grey = new float[1];
        new PixelResampler(1, 1, 1, ResizePolicy.Fill).Resample(pixel, 1, 1, blueFirst: true, grey);
        Assert.AreEqual(Math.Round((0.299 * 200) + (0.587 * 100) + (0.114 * 10)) / 255, grey[0], 1e-6);
    }

    private static double Definition(byte[] pixels, int channel, int sourceWidth, int sourceHeight, int x, int y, int width, int height)
    {
        double sum = 0, weights = 0;
        for (int j = 0; j < sourceHeight; j++)
        {
            for (int i = 0; i < sourceWidth; i++)
            {
                double weight = Triangle(i, x, sourceWidth, width) * Triangle(j, y, sourceHeight, height);
                sum += weight * pixels[(4 * ((j * sourceWidth) + i)) + channel];
                weights += weight;
            }
        }

        return sum / weights;

        static double Triangle(int source, int target, int sourceLength, int length)
        {
            double step = (double)sourceLength / length;
            double centre = ((target + 0.5) * step) - 0.5;
            return Math.Max(0, 1 - (Math.Abs(source - centre) / Math.Max(1, step)));
        }
    }

    private static byte[] Random(int width, int height)
    {
        byte[] pixels = new byte[4 * width * height];
        new Random(3).NextBytes(pixels);
        return pixels;
    }
}
