using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Tests.Columns;

/// <summary>Maps brought back to the user's pixels, against the definition in double loops and against the way there.</summary>
[TestClass]
public sealed class SourceMapTests
{
    private const int Height = 6, Width = 8; // of the network's input

    public static IEnumerable<object[]> Cases() => Enum.GetValues<ResizePolicy>().SelectMany(
        _ => new[] { (37, 23), (5, 9), (8, 6), (101, 31), (31, 101), (1, 1), (2, 400), (333, 3) },
        (policy, size) => new object[] { policy, size.Item1, size.Item2 });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void EachPixelIsATriangleMeanOfTheMapOrNotCovered(ResizePolicy policy, int width, int height)
    {
        float[] map = Map();
        SourceMap found = SourceMap.Of(map, Height, Width, policy, height, width);
        (double scaleX, double scaleY) = Scales(policy, width, height);
        Assert.AreEqual(found.Width * found.Height, found.Values.Length);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double[]? across = Weights(x, width, scaleX, Width), down = Weights(y, height, scaleY, Height);
                bool inside = x >= found.Left && x < found.Left + found.Width && y >= found.Top && y < found.Top + found.Height;
                Assert.AreEqual(across is not null && down is not null, inside, $"({x}, {y}) is covered");
                if (inside)
                {
                    double expected = 0;
                    for (int i = 0; i < map.Length; i++)
                    {
                        expected += down![i / Width] * across![i % Width] * map[i];
                    }

                    Assert.AreEqual(expected, found.Values.Span[((y - found.Top) * found.Width) + x - found.Left], 1e-6, $"({x}, {y})");
                }
            }
        }
    }

    /// <summary>A bright spot in an image, taken for the map of what the network sees of it, comes back to where it was.</summary>
    [TestMethod]
    [DataRow(ResizePolicy.Fill)]
    [DataRow(ResizePolicy.Crop)]
    [DataRow(ResizePolicy.Pad)]
    [DataRow(ResizePolicy.CenterCrop)]
    public void WhatTheNetworkSawComesBackToItsPlace(ResizePolicy policy)
    {
        const int SourceWidth = 61, SourceHeight = 33;
        (double scaleX, double scaleY) = Scales(policy, SourceWidth, SourceHeight);
        foreach ((int x, int y) in new[] { (30, 16), (22, 9), (39, 25) })
        {
            byte[] pixels = new byte[4 * SourceWidth * SourceHeight];
            for (int i = 0; i < pixels.Length / 4; i++)
            {
                if (Math.Abs((i % SourceWidth) - x) <= 2 && Math.Abs((i / SourceWidth) - y) <= 2)
                {
                    pixels.AsSpan(4 * i, 4).Fill(255);
                }
            }

            float[] seen = new float[Height * Width];
            new PixelResampler(1, Height, Width, policy).Resample(pixels, SourceWidth, SourceHeight, blueFirst: true, seen);
            SourceMap back = SourceMap.Of(seen, Height, Width, policy, SourceHeight, SourceWidth);
            (double sum, double meanX, double meanY) = (0, 0, 0);
            for (int i = 0; i < back.Values.Length; i++)
            {
                float value = back.Values.Span[i];
                sum += value;
                meanX += value * (back.Left + (i % back.Width));
                meanY += value * (back.Top + (i / back.Width));
            }

            Assert.AreEqual(x, meanX / sum, 0.3 / scaleX, $"{x}, {y}: a third of a cell of the map");
            Assert.AreEqual(y, meanY / sum, 0.3 / scaleY, $"{x}, {y}: a third of a cell of the map");
        }
    }

    [TestMethod]
    public void AMapOfTheImagesOwnSizeStaysAsItIs()
    {
        float[] map = Map();
        SourceMap found = SourceMap.Of(map, Height, Width, ResizePolicy.Fill, Height, Width);
        CollectionAssert.AreEqual(map, found.Values.ToArray());
        Assert.AreEqual((0, 0, Width, Height), (found.Left, found.Top, found.Width, found.Height));
    }

    /// <summary>The centre of a line of an even number of pixels lies between two of them, farther from both than 7/16 of a pixel.</summary>
    [TestMethod]
    public void TheNetworkMayHaveSeenNoPixelsCentre()
    {
        SourceMap found = SourceMap.Of(Map(), Height, Width, ResizePolicy.CenterCrop, 400, 1);
        Assert.AreEqual(1, found.Width);
        Assert.AreEqual(0, found.Height);
        Assert.AreEqual(0, found.Values.Length);
        Assert.AreEqual(0, SourceMap.Of(new float[49], 7, 7, ResizePolicy.CenterCrop, 1, 400).Values.Length);
    }

    private static float[] Map()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Height * Width).Select(_ => (float)((random.NextDouble() * 2) - 0.5))];
    }

    private static (double X, double Y) Scales(ResizePolicy policy, int width, int height)
    {
        (double x, double y) = ((double)Width / width, (double)Height / height);
        double one = policy == ResizePolicy.Pad ? Math.Min(x, y) : policy == ResizePolicy.Crop ? Math.Max(x, y) : Math.Max(x, y) * 8 / 7;
        return policy == ResizePolicy.Fill ? (x, y) : (one, one);
    }

    /// <summary>The weights of the map's places at an image's pixel; null where the pixel's centre lies outside.</summary>
    private static double[]? Weights(int pixel, int pixels, double scale, int places)
    {
        double centre = ((pixel + 0.5 - (pixels / 2.0)) * scale) + (places / 2.0); // both centres coincide
        if (centre < -1e-9 || centre > places + 1e-9)
        {
            return null;
        }

        double radius = Math.Max(1, scale);
        double[] weights = [.. Enumerable.Range(0, places).Select(place => Math.Max(0, 1 - (Math.Abs(place + 0.5 - centre) / radius)))];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }
}
