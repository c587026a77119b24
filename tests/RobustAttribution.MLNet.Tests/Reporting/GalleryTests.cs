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

    [TestMethod]
    public void ControlCharactersInNamesAreEscaped()
    {
        string odd = new(['b', '\u0007', '\n', '\uD800', 't']);
        var curve = new ReportedCurve(odd, odd, odd, [(0, 1), (1, 0.5)]);
        var report = new RobustnessReport(odd, [new(odd) { Examples = [Example(odd, [0, 1, 2, 3], 0.5) with { TrueClass = odd, Prediction = (odd, 0.9), AttackedPrediction = (odd, 0.8) }], Curves = [curve] }])
        {
            Options = [(odd, "first\r\nsecond\u0007")],
            Summary = [odd],
        };
        string html = report.ToHtml();
        Assert.IsFalse(html.Any(letter => char.IsControl(letter) && letter != '\n'));
        Assert.DoesNotContain("b\n", html);
        Assert.DoesNotContain('\uD800', html);
        StringAssert.Contains(html, "true class b\\u0007\\u000a\\ud800t<br>");
        StringAssert.Contains(html, "<title>b\\u0007\\u000a\\ud800t</title>");
        StringAssert.Contains(html, "first\nsecond\\u0007");
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
