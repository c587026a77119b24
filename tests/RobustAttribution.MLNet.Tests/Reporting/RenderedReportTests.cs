using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Reporting;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>The report as a browser shows it.</summary>
[TestClass]
public sealed class RenderedReportTests
{
    private static Browser Chromium
    {
        get
        {
            if (Browser.Find() is { } browser)
            {
                return browser;
            }

            Assert.Inconclusive("There is no chromium on the PATH to look at the report with; ./build.sh test installs Debian's.");
            return null!;
        }
    }

    [TestMethod]
    public void EveryFigureHasASizeNothingIsTooWideAndNothingIsAskedFor()
    {
        Browser browser = Chromium;
        using var plain = new Scored(activation: Networks.Activation.Relu);
        using var smooth = new Scored();
        RobustnessReport report = plain.Context.MulticlassClassification.RobustnessReport(
            [("cross-entropy", plain.Model), ("local gradient alignment", smooth.Model)],
            plain.Data,
            new RobustnessReportOptions
            {
                Attacks = [new TopKAttack { K = 9, Steps = 2 }],
                Similarities = [new TopKIntersection(9), new KendallTau(), new CosineSimilarity()],
                Radii = [0, 8.0 / 255],
                PixelCurveSteps = 4,
                ExamplesAtEachEnd = 2,
            });
        string html = report.ToHtml();

        Seen light = browser.Open(html, 1000, dark: false);
        Assert.IsEmpty(light.Problems, string.Join("\n", light.Problems));
        Assert.AreEqual(1000, light.Width);
        Assert.IsGreaterThan(60, light.Figures); // samples, gallery, charts and their legends

        Seen dark = browser.Open(html, 1000, dark: true);
        Assert.IsEmpty(dark.Problems, string.Join("\n", dark.Problems));
        Assert.AreEqual("rgb(255, 255, 255)", light.Paper);
        Assert.AreNotEqual(light.Paper, dark.Paper);
    }

    [TestMethod]
    public void TheProbeFindsWhatItIsFor()
    {
        Seen seen = Chromium.Open(
            "<!DOCTYPE html><html><head></head><body><img src=\"http://missing.invalid/a.png\" alt=\"\"><div class=\"wide\" style=\"overflow:auto\"><div style=\"width:2000px\">.</div></div><script>console.error('x'); nothing();</script></body></html>",
            1000,
            dark: false);
        foreach (string expected in new[] { "no size", "too wide", "request: http", "error: ", ":CONSOLE" })
        {
            Assert.IsTrue(seen.Problems.Any(problem => problem.Contains(expected, StringComparison.Ordinal)), $"{expected}: {string.Join("\n", seen.Problems)}");
        }
    }
}
