using System.Text.RegularExpressions;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>Which maps the report shows, and in which colours.</summary>
[TestClass]
public sealed class GalleryTests
{
    [TestMethod]
    public void AllMapsOfAReportHaveOneColourMap()
    {
        string unsigned = Report(Example("positive", [0, 1, 2, 3], 0.5)).ToHtml();
        StringAssert.Contains(unsigned, "colour bar, inferno");
        AssertFirstPixel(unsigned, ColorMap.Inferno.At(0));

        string signed = Report(Example("positive", [0, 1, 2, 3], 0.5), Example("signed", [-1, 1, 2, 3], 0.6)).ToHtml();
        StringAssert.Contains(signed, "colour bar, blue-white-red");
        AssertFirstPixel(signed, ColorMap.BlueWhiteRed.At(0.5));
    }

    [TestMethod]
    public void AnImageWithoutASimilarityIsNeitherAWorstNorABestCase()
    {
        string html = Report(Example("measured", [0, 1, 2, 3], 0.5), Example("unmeasured", [0, 1, 2, 3], double.NaN)).ToHtml();
        StringAssert.Contains(html, "map of image measured");
        Assert.DoesNotContain("map of image unmeasured", html);
    }

    private static void AssertFirstPixel(string html, (byte Red, byte Green, byte Blue) expected)
    {
        string png = Regex.Match(html, "base64,([^\"]+)\" alt=\"map of image positive\"").Groups[1].Value;
        using var stream = new MemoryStream(Convert.FromBase64String(png));
        using MLImage image = MLImage.CreateFromStream(stream);
        byte[] bgr = image.GetBGRPixels[..3];
        Assert.AreEqual(expected, (bgr[2], bgr[1], bgr[0]));
    }

    private static RobustnessReport Report(params ReportedExample[] examples) => new("title", [new("model") { Examples = examples }]);

    private static ReportedExample Example(string id, float[] map, double similarity) => new()
    {
        Id = id,
        Image = new float[4],
        AttackedImage = new float[4],
        Map = map,
        AttackedMap = new float[] { 3, 2, 1, 0 },
        Channels = 1,
        Height = 2,
        Width = 2,
        Prediction = ("boot", 0.9),
        AttackedPrediction = ("boot", 0.8),
        Similarity = similarity,
    };
}
