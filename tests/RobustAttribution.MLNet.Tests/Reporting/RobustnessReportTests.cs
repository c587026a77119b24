using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Reporting;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class RobustnessReportTests
{
    [TestMethod]
    public void ThePageNeedsNothingFromOutside()
    {
        string html = Report().ToHtml();
        Assert.DoesNotContain("http", html);
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("url(", html);
        Assert.IsTrue(Regex.Matches(html, "src=\"([^\"]{5})").All(match => match.Groups[1].Value == "data:"));
    }

    [TestMethod]
    public void EveryImageAndChartHasATextAlternative()
    {
        string html = Report().ToHtml();
        Assert.AreEqual((2 * 3 * 5) + 1, Regex.Count(html, "<img ")); // two models, three examples, five images each; the colour bar
        Assert.IsTrue(Regex.Matches(html, "<img [^>]*>").All(image => Regex.IsMatch(image.Value, "alt=\"[^\"]+\"") && Regex.IsMatch(image.Value, "width=\"[1-9]")));
        Assert.AreEqual(2, Regex.Count(html, "<svg [^>]*role=\"img\" aria-label=\"[^\"]+\""));
    }

    [TestMethod]
    public void TheBestValueOfEachColumnIsMarked()
    {
        string html = Report().ToHtml();
        StringAssert.Contains(html, "<strong>0.700</strong> ★"); // higher is better
        StringAssert.Contains(html, "<strong>0.100</strong> ★"); // lower is better
        Assert.AreEqual(2, Regex.Count(html, "<td class=\"best\">"));
    }

    [TestMethod]
    public void OnlyWhatIsBestBeyondChanceIsMarked()
    {
        double[] hard = [0.1, 0.9, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4], better = [.. hard.Select((value, i) => value + 0.05 + (0.001 * i))];
        double[] other = [0.9, 0.2, 0.45, 0.35, 0.75, 0.25, 0.4, 0.7];
        string Cells(double[] first, double[] second, bool higher = true, bool reference = false) => string.Concat(HeadlineCells.Of(
            Number(first, higher, reference), [new("a") { Numbers = [Number(first, higher, reference)] }, new("b") { Numbers = [Number(second, higher, reference)] }]));

        StringAssert.Contains(Cells(hard, better), "<td class=\"best\"><strong>0.541</strong> ★");
        StringAssert.Contains(Cells(hard, better, higher: false), "<td class=\"best\"><strong>0.488</strong> ★");
        Assert.DoesNotContain("★", Cells(hard, other), "0.488 and 0.500: who is ahead depends on the images");
        Assert.DoesNotContain("★", Cells(hard, better, reference: true));
        Assert.DoesNotContain("★", Cells(hard, [.. better, 0.5]), "other images");
        StringAssert.Contains(Cells(hard, better), $"<small>{ReportTexts.Text(Bootstrap.OfMean(hard))}</small><svg ");

        static ReportedNumber Number(double[] values, bool higher, bool reference)
            => new("m", values.Average(), higher) { Interval = Bootstrap.OfMean(values), Values = values, IsReference = reference };
    }

    [TestMethod]
    public void VerdictsStandBeforeTheNumbers()
    {
        string html = new RobustnessReport("title", [Model("a", 0.5, 0.1)]) { Verdicts = ["<a> holds."] }.ToHtml();
        StringAssert.Contains(html, "<ul class=\"verdicts\"><li>&lt;a&gt; holds.</li></ul>");
        Assert.IsLessThan(html.IndexOf("The numbers", StringComparison.Ordinal), html.IndexOf("verdicts\">", StringComparison.Ordinal));
        Assert.DoesNotContain("<ul class", Report().ToHtml());
    }

    [TestMethod]
    public void TagsAreBalancedAndTextIsEscaped()
    {
        string html = Report("<b>&\"").ToHtml();
        Assert.DoesNotContain("<b>", html);
        StringAssert.Contains(html, "&lt;b&gt;&amp;&quot;");
        var open = new Stack<string>();
        foreach (Match tag in Regex.Matches(html, "<(/?)([a-z0-9]+)[^>]*?(/?)>"))
        {
            string name = tag.Groups[2].Value;
            if (tag.Groups[3].Value == "/" || name is "meta" or "img" or "br")
            {
                continue;
            }

            if (tag.Groups[1].Value.Length == 0)
            {
                open.Push(name);
            }
            else
            {
                Assert.AreEqual(name, open.Pop());
            }
        }

        Assert.IsEmpty(open);
    }

    [TestMethod]
    public void WorstCasesComeFirst()
    {
        string html = Report().ToHtml();
        int worst = html.IndexOf("image worst", StringComparison.Ordinal), best = html.IndexOf("image best", StringComparison.Ordinal);
        Assert.IsTrue(worst > 0 && best > worst);
    }

    [TestMethod]
    public void MapsAreClippedAsTheNoteSays()
    {
        string html = Report().ToHtml();
        StringAssert.Contains(html, "s is the 99th percentile of the magnitudes of the map before; larger values have the last colour.");
        ReportedExample worst = Example("worst", 0.1);
        Assert.AreEqual(2, SaliencyImage.ClipValue(worst.Map.Span)); // of 0, 1, 2 and 3
        using MLImage before = SaliencyImage.HeatMap(worst.Map.Span, 2, 2, scale: 2);
        using MLImage after = SaliencyImage.HeatMap(worst.AttackedMap.Span, 2, 2, scale: 2);
        AssertDrawn(before, html, "map of image worst");
        AssertDrawn(after, html, "map of the attacked image worst");
    }

    [TestMethod]
    public void SavingReplacesAnOldFile()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            string path = Path.Combine(folder, "sub", "report.html");
            Report("first").Save(path);
            Report("second").Save(path);
            StringAssert.Contains(File.ReadAllText(path), "second");
            Assert.HasCount(1, Directory.GetFiles(Path.GetDirectoryName(path)!));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void ModelsAreNeededAndTheirNamesUnique()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new RobustnessReport("title", []));
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => new RobustnessReport("title", [new("a"), new("a")]));
        StringAssert.Contains(error.Message, "'a'");
    }

    private static void AssertDrawn(MLImage expected, string html, string alternative)
    {
        string png = Regex.Match(html, $"base64,([^\"]+)\" alt=\"{alternative}\"").Groups[1].Value;
        using var stream = new MemoryStream(Convert.FromBase64String(png));
        using MLImage found = MLImage.CreateFromStream(stream);
        CollectionAssert.AreEqual(Colors(expected), Colors(found), alternative);

        static (byte, byte, byte)[] Colors(MLImage image) =>
        [
            .. image.Pixels.ToArray().Chunk(4)
                .Select(pixel => image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2])),
        ];
    }

    private static RobustnessReport Report(string name = "robust") => new($"About {name}", [Model("plain", 0.4, 0.2), Model(name, 0.7, 0.1)])
    {
        ExamplesAtEachEnd = 2,
    };

    private static ReportedModel Model(string name, double intersection, double error) => new(name)
    {
        Numbers = [new("top-100 intersection", intersection, HigherIsBetter: true), new("MSE", error, HigherIsBetter: false, StandardError: 0.01)],
        Curves = [new("Accuracy under attack", "ε", "accuracy", [(0, 0.9), (8, intersection)])],
        Spreads = [("Kendall τ", [0.1, intersection])],
        Examples = [Example("best", 0.9), Example("worst", 0.1), Example("middle", 0.5)],
        Card = [("objective", name)],
    };

    private static ReportedExample Example(string id, double similarity) => new()
    {
        Id = id,
        Image = new float[] { 0, 0.5f, 0.5f, 1 },
        AttackedImage = new float[] { 0.03f, 0.5f, 0.5f, 1 },
        Map = new float[] { 0, 1, 2, 3 },
        AttackedMap = new float[] { 3, 2, 1, 0 },
        Channels = 1,
        Height = 2,
        Width = 2,
        TrueClass = "boot",
        Prediction = ("boot", 0.9),
        AttackedPrediction = ("boot", 0.8),
        Similarity = similarity,
        Numbers = [("Kendall τ", similarity)],
    };
}
