using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Reporting;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>Reports made from models and data: their numbers are those of the evaluations.</summary>
[TestClass]
public sealed class MeasuredReportTests
{
    private static readonly RobustnessReportOptions Small = new()
    {
        Attacks = [new TopKAttack { K = 9, Steps = 3 }, new RandomNoise()],
        Similarities = [new TopKIntersection(9), new CosineSimilarity(), new MeanSquaredError()],
        Radii = [0, 8.0 / 255],
        PixelCurveSteps = 5,
        DataName = "bars",
        ExamplesAtEachEnd = 2,
    };

    [TestMethod]
    public void TheNumbersAreThoseOfTheEvaluations()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        ReportedModel model = catalog.RobustnessReport(scored.Chain, scored.Raw, Small).Models.Single();

        AttributionRobustnessMetrics metrics = catalog.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = Small.Attacks[0], Similarities = [.. Small.Similarities.Select(similarity => new SimilarityColumn(similarity))] });
        PixelCurveMetrics curves = catalog.EvaluateInsertionDeletion(scored.View, new PixelCurveOptions { Steps = 5, Attack = Small.Attacks[0], LabelColumnName = null });
        SecurityCurveMetrics security = catalog.EvaluateSecurityCurve(
            scored.View, new SecurityCurve { Radii = [0], ExplanationAttack = Small.Attacks[0], Similarities = Small.Similarities });

        Assert.AreEqual(metrics.AccuracyBefore, Number("Accuracy").Value, 1e-9);
        foreach (SimilarityStatistics expected in metrics.Similarities.Values)
        {
            ReportedNumber found = Number(expected.Similarity.Name);
            Assert.AreEqual(expected.Mean, found.Value, 1e-5, expected.Similarity.Name);
            Assert.AreEqual(expected.StandardError, found.StandardError!.Value, 1e-5);
            Assert.AreEqual(expected.Similarity.HigherIsMoreSimilar, found.HigherIsBetter);
            Assert.HasCount((int)expected.Count, model.Spreads.Single(spread => spread.Name.StartsWith(expected.Similarity.Name, StringComparison.Ordinal)).Values);
        }

        Assert.AreEqual(curves.Insertion.MeanArea, Number("Insertion").Value, 1e-5);
        Assert.AreEqual(curves.Deletion.MeanArea, Number("Deletion").Value, 1e-5);
        Assert.IsFalse(Number("Deletion").HigherIsBetter);
        Assert.AreEqual(curves.AdversarialInsertion!.MeanArea, Number("Adversarial insertion").Value, 1e-5);
        ReportedCurve accuracy = model.Curves[0];
        CollectionAssert.AreEqual(new[] { 0.0, 8.0 }, accuracy.Points.Select(point => point.X).ToArray());
        Assert.AreEqual(security.Points[0].Accuracy, accuracy.Points[0].Y, 1e-9);
        Assert.AreEqual(1, model.Curves[1].Points[0].Y, 1e-9); // ε = 0 changes no map

        ReportedNumber Number(string name) => model.Numbers.First(number => number.Name == name);
    }

    [TestMethod]
    public void TheGalleryHasTheWorstAndTheBestOfTheRealImages()
    {
        using var scored = new Scored();
        ReportedModel model = scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, Small).Models.Single();
        IReadOnlyList<double> all = [.. model.Spreads[0].Values.Order()];
        List<double> shown = [.. model.Examples.Select(example => example.Similarity).Order()];
        Assert.AreEqual(all[0], shown[0]);
        Assert.AreEqual(all[^1], shown[^1]);
        float[][] images = [.. scored.Raw.GetColumn<float[]>("Image")];
        int[] ids = [.. scored.Raw.GetColumn<int>("Id")];
        foreach (ReportedExample example in model.Examples)
        {
            float[] original = images[Array.IndexOf(ids, int.Parse(example.Id))];
            Assert.IsTrue(original.Zip(example.Image.ToArray()).All(pair => Math.Abs((pair.First / 255) - pair.Second) < 1e-6));
            double moved = example.Image.ToArray().Zip(example.AttackedImage.ToArray()).Max(pair => Math.Abs(pair.First - pair.Second));
            Assert.IsTrue(moved > 0 && moved <= (8.0 / 255) + 1e-6, $"{moved}");
            Assert.AreEqual(example.Prediction.Class, example.AttackedPrediction.Class); // the attack keeps the answer
        }

        Assert.IsNotEmpty(model.Samples);
        Assert.HasCount(model.Samples.Count, model.Samples.DistinctBy(sample => sample.TrueClass));
    }

    [TestMethod]
    public void SeveralModelsSeeTheSameRowsAndTheCardTellsThem()
    {
        using var scored = new Scored();
        using var other = new Scored(activation: Networks.Activation.Relu);
        RobustnessReport report = scored.Context.MulticlassClassification.RobustnessReport(
            [("smooth", scored.Model), ("plain", other.Model)], scored.Data, Small with { MaximumImages = 4, ExamplesAtEachEnd = 4 });
        foreach (ReportedModel model in report.Models)
        {
            CollectionAssert.IsSubsetOf(model.Examples.Select(example => example.Id).ToArray(), new[] { "0", "2", "5", "8" }); // evenly spaced over 11 rows
        }

        CollectionAssert.AreEqual(new[] { "smooth", "plain" }, report.Models.Select(model => model.Name).ToArray());
        string html = report.ToHtml();
        foreach (string expected in new[] { "bars, 4 of 11 rows", "libtorch ", ".NET ", "softplus β=3", "ReLU", "{\"$type\":\"TopKAttack\"", "top-k attack", "random noise", "seed" })
        {
            StringAssert.Contains(html, System.Net.WebUtility.HtmlEncode(System.Net.WebUtility.HtmlDecode(expected)));
        }
    }

    [TestMethod]
    public void CertificatesAreThoseOfTheTransform()
    {
        using var scored = new Scored();
        var certificate = new CertifiedSaliency { Sigma = 0.02, Tau = 0.6, Samples = 60, TopShare = 0.2, Map = new SaliencyMap(new GradientTimesInput()) };
        RobustnessReport report = scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, Small with { Certificate = certificate });
        IDataView certified = scored.Context.Transforms.CertifiedSaliency(new() { Sigma = 0.02, Tau = 0.6, Samples = 60, TopShare = 0.2 })
            .Fit(scored.View).Transform(scored.View); // of the report's map, the input gradient
        float[][] labels = [.. certified.GetColumn<float[]>("Certificate")];
        ReportedModel model = report.Models.Single();
        ReportedNumber share = Number("Certified pixels"), important = Number("Certified as important");
        Assert.AreEqual(certified.GetColumn<float>("CertifiedShare").Average(value => (double)value), share.Value, 1e-6);
        Assert.AreEqual(labels.Average(label => label.Count(value => value == 1) / (double)label.Length), important.Value, 1e-9);
        Assert.IsTrue(important.Value > 0 && share.Value < 1, $"{share.Value}, {important.Value}: the case tells nothing");
        Assert.AreEqual(share.Value, share.Values.Average(), 1e-9);
        Assert.IsLessThan(share.Value, share.Interval!.Value.Low);
        foreach (ReportedExample sample in model.Samples)
        {
            CollectionAssert.AreEqual(labels[int.Parse(sample.Id)], sample.Certificate.ToArray());
        }

        string html = report.ToHtml();
        Assert.AreEqual(model.Samples.Count, System.Text.RegularExpressions.Regex.Count(html, "alt=\"certificate of image "));
        StringAssert.Contains(html, "what is proven");
        StringAssert.Contains(html, "Maps, proven, L2 radius 0.005 with noise of σ 0.02");
        StringAssert.Contains(html, System.Net.WebUtility.HtmlEncode("\"samples\":60"));
        Assert.DoesNotContain("GradientTimesInput", html, "the report's map is certified");
        Assert.DoesNotContain("what is proven", scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, Small).ToHtml());

        ReportedNumber Number(string name) => model.Numbers.Single(number => number.Name == name);
    }

    [TestMethod]
    public void AVerdictSaysThatMapsAreTheSameWhateverTheImageShows()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        RobustnessReportOptions options = Small with { Attacks = [new RandomNoise()], Similarities = [new CosineSimilarity()] };
        const string alike = " But maps of different images have a similarity of ";
        Assert.DoesNotContain(alike, catalog.RobustnessReport(scored.Chain, scored.Raw, options).Verdicts.Single());
        StringAssert.Contains(catalog.RobustnessReport(scored.Chain, scored.Raw, options with { Method = new ConstantMap() }).Verdicts.Single(), alike);
    }

    [TestMethod]
    public void IntervalsLiftControlsAndVerdictsAreThoseOfTheEvaluations()
    {
        using var scored = new Scored();
        using var other = new Scored(activation: Networks.Activation.Relu);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        RobustnessReport report = catalog.RobustnessReport([("smooth", scored.Model), ("plain", other.Model)], scored.Data, Small);
        AttributionRobustnessOptions options = new()
        {
            Attack = Small.Attacks[0], Similarities = [.. Small.Similarities.Select(similarity => new SimilarityColumn(similarity))], Controls = Small.Controls,
        };
        AttributionRobustnessMetrics smooth = catalog.EvaluateAttributionRobustness(scored.View, options);
        AttributionRobustnessMetrics plain = catalog.EvaluateAttributionRobustness(other.Model.Transform(scored.Data), options);
        string measure = Small.Similarities[0].Name;
        SimilarityStatistics expected = smooth.Of<TopKIntersection>();
        Near(expected.Interval, Number(0, measure));
        Near(smooth.AccuracyBeforeInterval, Number(0, "Accuracy"));
        Near(expected.OtherImages!.SameClass.Interval, Number(0, $"{measure} of different images"));
        Assert.AreEqual(expected.OtherImages.Lift!.Value, Number(0, $"Lift of {measure}").Value, 1e-5);
        Near(expected.OtherImages.Lift.Interval, Number(0, $"Lift of {measure}"), 1e-3); // floats in columns: resamples tie with the mean, or not quite
        for (int i = 0; i < 3; i++)
        {
            ReportedNumber control = Number(0, $"{smooth.Controls[i].Name}: {measure}");
            Assert.AreEqual(smooth.Controls[i].Similarities.Values.First().Mean, control.Value, 1e-5);
            Assert.IsTrue(control.IsReference);
        }

        PairedDifference difference = plain.Compare(smooth).Similarities.Values.First();
        string numbers = $"{measure} {ReportTexts.Signed(difference.Mean)} {ReportTexts.Text(difference.Interval)} on the same {difference.Count} images.";
        Assert.HasCount(2, report.Verdicts);
        StringAssert.Contains(report.Verdicts[1], $"{numbers} But only {RobustnessReport.Percent(Number(1, "Accuracy").Value)} of its answers are right.");
        StringAssert.StartsWith(report.Verdicts[1], difference.IsBeyondZero ? $"plain's maps hold {(difference.Mean > 0 ? "better" : "worse")} than" : "plain's maps hold neither");
        StringAssert.Contains(report.Verdicts[0], $"{ReportTexts.Number(expected.Mean)} {ReportTexts.Text(expected.Interval)}");
        StringAssert.Contains(report.Verdicts[0], $"the lift is {ReportTexts.Number(expected.OtherImages.Lift.Value)}");
        foreach (string name in new[] { measure, "Accuracy", "Insertion", "Adversarial insertion" })
        {
            ReportedNumber number = Number(1, name);
            Assert.HasCount(11, number.Values);
            Assert.AreEqual(number.Value, number.Values.Where(double.IsFinite).Average(), 1e-9, name);
        }

        ReportedNumber attacked = report.Models[0].Numbers[1];
        Assert.AreEqual(attacked.Value, attacked.Values.Average(), 1e-9);
        ReportedCurve accuracy = report.Models[0].Curves[0], insertion = report.Models[0].Curves.Single(curve => curve.Title.StartsWith("Insertion", StringComparison.Ordinal));
        Assert.HasCount(2, accuracy.Intervals);
        Assert.IsTrue(accuracy.Reference.All(point => Math.Abs(point.Y - (1.0 / 3)) < 1e-12));
        Assert.AreEqual(insertion.Points[^1].Y, insertion.Reference[^1].Y, 1e-6, "with all pixels in, the order does not matter");
        Assert.AreNotEqual(insertion.Points[2].Y, insertion.Reference[2].Y);
        Assert.DoesNotContain("NaN", report.ToHtml());

        ReportedNumber Number(int model, string name) => report.Models[model].Numbers.First(number => number.Name == name);
        static void Near(ConfidenceInterval expected, ReportedNumber found, double tolerance = 1e-5)
        {
            Assert.AreEqual(expected.Low, found.Interval!.Value.Low, tolerance, found.Name);
            Assert.AreEqual(expected.High, found.Interval!.Value.High, tolerance, found.Name);
        }
    }

    [TestMethod]
    public void ImagesAreCalledByTheirFiles()
    {
        using var scored = new Scored();
        RobustnessReportOptions options = Small with { IdColumnName = "None", Radii = [], MaximumImages = 3 };
        string[] Ids(Func<int, string> path)
        {
            IDataView view = scored.Context.Data.LoadFromEnumerable(TestImage.Make(11).Select(image => new Filed { Image = image.Image, Label = image.Label, Path = path(image.Id) }));
            return [.. scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, view, options).Models[0].Samples.Select(sample => sample.Id)];
        }

        CollectionAssert.AreEqual(new[] { "0.png", "7.png" }, Ids(id => $"/data/{id % 2}/{id}.png"));
        CollectionAssert.AreEqual(new[] { "/data/0/a.png", "/data/7/a.png" }, Ids(id => $"/data/{id}/a.png"));
        Assert.AreEqual("row 0", scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, options).Models[0].Samples[0].Id);
    }

    private sealed class Filed
    {
        [VectorType(1, TestImage.Side, TestImage.Side)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = string.Empty;

        public string Path { get; set; } = string.Empty;
    }

    [TestMethod]
    public void SignedMapsAreDrawnAroundZero()
    {
        using var scored = new Scored();
        RobustnessReportOptions signed = Small with { Reduction = new MapReduction(MapSign.Signed), MaximumImages = 3 };
        string html = scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, signed).ToHtml();
        StringAssert.Contains(html, "blue-white-red");
        Assert.DoesNotContain("inferno", html);
    }

    [TestMethod]
    public void ProgressGrowsToTheEndAndCancellationStops()
    {
        using var scored = new Scored();
        List<RobustnessReportProgress> told = [];
        scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, Small with { Progress = new Told(told.Add) });
        Assert.AreEqual(1, told[^1].Share, 1e-9);
        Assert.IsTrue(told.Zip(told.Skip(1)).All(pair => pair.First.Share <= pair.Second.Share));
        Assert.AreEqual(TimeSpan.Zero, told[^1].Remaining);

        using var stop = new CancellationTokenSource();
        int after = 0;
        RobustnessReportOptions stopping = Small with
        {
            CancellationToken = stop.Token,
            Progress = new Told(_ =>
            {
                after++;
                stop.Cancel();
            }),
        };
        long live = LiveTensors.Count();
        Assert.Throws<OperationCanceledException>(() => scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, stopping));
        Assert.AreEqual(1, after);
        Assert.AreEqual(live, LiveTensors.Count());
    }

    [TestMethod]
    public void WhatIsWrongIsSaidBeforeTheFirstAttack()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.RobustnessReport(scored.Model, scored.Raw, Small)).Message, "'Label'"); // text, not a key
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.RobustnessReport(scored.Chain, scored.Raw, Small with { LabelColumnName = "Truth" })).Message, "'Truth'");
        Assert.ThrowsExactly<ArgumentException>(() => catalog.RobustnessReport([], scored.Raw, Small));
        Assert.ThrowsExactly<ArgumentException>(() => Small with { Attacks = [] });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Small with { MaximumImages = 0 });
        List<TestImage> unlabelled = TestImage.Make(2);
        unlabelled.ForEach(image => image.Label = "unknown");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => catalog.RobustnessReport(scored.Chain, scored.Context.Data.LoadFromEnumerable(unlabelled), Small)).Message, "has no label");
    }

    private sealed class Told(Action<RobustnessReportProgress> tell) : IProgress<RobustnessReportProgress>
    {
        public void Report(RobustnessReportProgress value) => tell(value);
    }
}
