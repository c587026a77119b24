using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RobustAttribution.MLNet.Reporting;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class ChartTests
{
    [TestMethod]
    [DataRow(0.0, 1.0)]
    [DataRow(-0.37, 0.91)]
    [DataRow(3.0, 3.0)]
    [DataRow(0.0, 0.0)]
    [DataRow(1e-7, 4e-7)]
    [DataRow(-1200.0, 5300.0)]
    public void TicksSpanTheRangeInEqualRoundSteps(double low, double high)
    {
        IReadOnlyList<double> ticks = ChartStyle.Ticks(low, high);
        Assert.IsInRange(2, 12, ticks.Count);
        Assert.IsLessThanOrEqualTo(low + 1e-12, ticks[0]);
        Assert.IsGreaterThanOrEqualTo(high - 1e-12, ticks[^1]);
        double step = ticks[1] - ticks[0];
        for (int i = 1; i < ticks.Count; i++)
        {
            Assert.AreEqual(step, ticks[i] - ticks[i - 1], step * 1e-4);
        }

        double mantissa = step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9));
        Assert.Contains(Math.Round(mantissa, 3), new[] { 1.0, 2.0, 5.0, 10.0 });
    }

    [TestMethod]
    public void ALineGoesThroughItsPointsAndLeavesUnknownOnesOut()
    {
        string html = LineChart.Render("title", "x", "y", [new ChartSeries("a <b>", [(0, 0), (1, double.NaN), (2, 1)])], (0, 1));
        XElement svg = Svg(html);
        string[] points = svg.Descendants().Single(element => element.Name.LocalName == "polyline").Attribute("points")!.Value.Split(' ');
        double[] first = Numbers(points[0]), last = Numbers(points[1]);
        Assert.HasCount(2, points);
        Assert.IsLessThan(last[0], first[0]);
        Assert.IsGreaterThan(last[1], first[1]);
        Assert.AreEqual(2, svg.Descendants().Count(element => element.Name.LocalName == "circle"));
        StringAssert.Contains(html, "a &lt;b&gt;");
    }

    [TestMethod]
    public void WhiskersSpanTheirIntervalsAndReferencesAreDrawnOnce()
    {
        ChartSeries Series(string name, double reference) => new(name, [(0, 0.5), (1, 0.25), (2, 0.3)])
        {
            Intervals = [new(0.25, 0.75), new(double.NaN, double.NaN), new(0.2, 1.5)],
            Reference = [(0, reference), (2, reference)],
        };
        XElement svg = Svg(LineChart.Render("title", "x", "y", [Series("a", 0.1), Series("b", 0.1)], (0, 1), "chance"));
        XElement[] whiskers = [.. svg.Descendants().Where(element => element.Attribute("class")?.Value == "whisker")];
        Assert.HasCount(4, whiskers); // two of each, one is unknown
        double[] ends = [.. new[] { "y1", "y2" }.Select(end => double.Parse(whiskers[0].Attribute(end)!.Value, CultureInfo.InvariantCulture))];
        double point = double.Parse(svg.Descendants().First(element => element.Name.LocalName == "circle").Attribute("cy")!.Value, CultureInfo.InvariantCulture);
        Assert.AreEqual((ends[0] + ends[1]) / 2, point, 1e-3);
        Assert.IsTrue(whiskers.All(line => double.Parse(line.Attribute("y2")!.Value, CultureInfo.InvariantCulture) >= 0), "the axis reaches to 1.5");
        Assert.AreNotEqual(whiskers[0].Attribute("x1")!.Value, whiskers[2].Attribute("x1")!.Value);
        Assert.AreEqual(1, svg.Descendants().Count(element => element.Name.LocalName == "path"));

        string html = LineChart.Render("title", "x", "y", [Series("a", 0.1), Series("b", 0.2)], (0, 1), "chance");
        Assert.AreEqual(2, Svg(html).Descendants().Count(element => element.Name.LocalName == "path"));
        StringAssert.Contains(html, "</svg>chance</span>");
    }

    [TestMethod]
    public void AChartWithoutAPointIsRefused()
        => Assert.ThrowsExactly<ArgumentException>(() => LineChart.Render("title", "x", "y", [new ChartSeries("a", [(0, double.NaN)])]));

    [TestMethod]
    public void HistogramStepsAreSharesOfTheirGroup()
    {
        string html = Histogram.Render("title", "x", [("a", [0.1, 0.1, 0.9, double.NaN]), ("b", [0.6])], (0, 1), bins: 2);
        List<XElement> paths = [.. Svg(html).Descendants().Where(element => element.Name.LocalName == "path")];
        double[][] heights = [.. paths.Select(path => Regex.Matches(path.Attribute("d")!.Value, "V([0-9.]+)").Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray())];
        double baseline = heights[0][^1];
        double full = baseline - heights[1][1]; // group b: everything in the second bin
        Assert.AreEqual(0, baseline - heights[1][0], 1e-3);
        Assert.AreEqual(2.0 / 3, (baseline - heights[0][0]) / full, 1e-3);
        Assert.AreEqual(1.0 / 3, (baseline - heights[0][1]) / full, 1e-3);
    }

    private static XElement Svg(string html) => XElement.Parse(html).Elements().First(element => element.Name.LocalName == "svg");

    private static double[] Numbers(string pair) => [.. pair.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
}
