using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>The evaluations that follow pixels, noise and budgets, and those of the folds of a cross-validation.</summary>
[TestClass]
public sealed class CurveEvaluationTests
{
    [TestMethod]
    public void InsertionEndsAndDeletionStartsWithTheWholeImage()
    {
        using var scored = new Scored();
        PixelCurveMetrics metrics = scored.Context.MulticlassClassification.EvaluateInsertionDeletion(
            scored.View, new PixelCurveOptions { Steps = 8, Attack = new TopKAttack { K = 9, Steps = 3 } });
        double whole = Rows.Read(scored.View).Average(row => ((float[])row.Values["Score"])[(uint)row.Values["Label"] - 1]);
        Assert.AreEqual(11, metrics.RowCount);
        Assert.AreEqual(whole, metrics.Insertion.Values[^1], 1e-5);
        Assert.AreEqual(whole, metrics.Deletion.Values[0], 1e-5);
        Assert.AreEqual(metrics.Insertion.Values.Average(), metrics.Insertion.MeanArea, 1e-6);
        Assert.AreEqual(1, metrics.Insertion.Shares[^1]);
        Assert.IsTrue(metrics.Insertion.HigherIsBetter && !metrics.Deletion.HigherIsBetter);
        Assert.AreNotEqual(metrics.Insertion.MeanArea, metrics.AdversarialInsertion!.MeanArea);
        using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
        Assert.AreEqual(8, json.RootElement.GetProperty("curves").GetProperty("AdversarialInsertion").GetProperty("values").GetArrayLength());
        StringAssert.Contains(metrics.ToString(), "Deletion");
    }

    [TestMethod]
    public void RowsWithoutLabelAreCounted()
    {
        using var scored = new Scored();
        List<TestImage> images = TestImage.Make(5);
        images[2].Label = "unknown";
        IDataView view = scored.Chain.Transform(scored.Context.Data.LoadFromEnumerable(images));
        PixelCurveMetrics metrics = scored.Context.MulticlassClassification.EvaluateInsertionDeletion(view, new PixelCurveOptions { Steps = 2 });
        Assert.AreEqual(4, metrics.RowCount);
        Assert.AreEqual(1, metrics.UnlabelledCount);
        SecurityCurveMetrics curve = scored.Context.MulticlassClassification.EvaluateSecurityCurve(view, new SecurityCurve { Radii = [0], ExplanationAttack = new TopKAttack { K = 9 }, Similarities = [new CosineSimilarity()] });
        Assert.AreEqual(4, curve.Points[0].Count);
        Assert.AreEqual(1, curve.SkippedCount);
    }

    [TestMethod]
    public void NoPerturbationChangesNoMapAndMoreChangesMore()
    {
        using var scored = new Scored();
        double Mean(double epsilon)
        {
            RandomPerturbationMetrics metrics = scored.Context.MulticlassClassification.EvaluateRandomPerturbation(
                scored.View, new() { ThreatModel = new LinfBall(epsilon), Draws = 3 });
            Assert.AreEqual(11, metrics.RowCount);
            using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
            Assert.AreEqual(1, json.RootElement.GetProperty("similarities").GetArrayLength());
            return metrics.Similarities["RandomPerturbationCosine"].Mean;
        }

        Assert.AreEqual(1, Mean(0), 1e-6);
        Assert.IsGreaterThan(Mean(0.2), Mean(0.01));
    }

    [TestMethod]
    public void TheSecurityCurveStartsAtTheCleanAccuracyAndFalls()
    {
        using var scored = new Scored(24);
        SecurityCurveMetrics metrics = scored.Context.MulticlassClassification.EvaluateSecurityCurve(
            scored.View,
            new SecurityCurve
            {
                Radii = [0, 0.5],
                PredictionAttack = new ProjectedGradientDescent { Steps = 5, Step = new SteepestStep(0.1) },
                ExplanationAttack = new TopKAttack { K = 9, Steps = 3, Step = new SteepestStep(0.1) },
                Similarities = [new CosineSimilarity()],
            });
        double clean = scored.Context.MulticlassClassification.Evaluate(scored.View).MicroAccuracy;
        Assert.AreEqual(clean, metrics.Points[0].Accuracy, 1e-9);
        Assert.IsLessThanOrEqualTo(clean, metrics.Points[1].Accuracy);
        StringAssert.Contains(metrics.ToString(), "ε 127.5/255");
        using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
        Assert.AreEqual(2, json.RootElement.GetProperty("points").GetArrayLength());
    }

    [TestMethod]
    public void TheSecurityCurveReadsItsRowsBatchByBatchAndTakesOptions()
    {
        using var scored = new Scored();
        List<long> progress = [];
        SecurityCurveOptions options = new()
        {
            Curve = new SecurityCurve { Radii = [0, 0.1], ExplanationAttack = new TopKAttack { K = 9, Steps = 2, RandomStart = true }, Similarities = [new CosineSimilarity()] },
            LabelColumnName = "Truth",
            BatchSize = 3,
            Seed = 5,
            Progress = progress.Add,
        };
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView view = scored.Context.Transforms.CopyColumns("Truth", "Label").Fit(scored.View).Transform(scored.View);
        SecurityCurveMetrics metrics = catalog.EvaluateSecurityCurve(view, options);
        CollectionAssert.AreEqual(new long[] { 3, 6, 9, 11 }, progress);
        Assert.AreEqual(metrics.ToJson(), catalog.EvaluateSecurityCurve(view, options).ToJson());
        Assert.AreNotEqual(metrics.ToJson(), catalog.EvaluateSecurityCurve(view, options with { Seed = 6 }).ToJson());
        Assert.AreEqual(
            catalog.EvaluateSecurityCurve(view, options.Curve, "Truth").ToJson(),
            catalog.EvaluateSecurityCurve(view, new SecurityCurveOptions { Curve = options.Curve, LabelColumnName = "Truth" }).ToJson());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => options with { BatchSize = 0 }).Message, "BatchSize is 0");
        Assert.Throws<OperationCanceledException>(() => catalog.EvaluateSecurityCurve(view, options with { CancellationToken = new(canceled: true) }));
        SecurityCurveMetrics none = catalog.EvaluateSecurityCurve(scored.Context.Data.SkipRows(view, 100), options);
        Assert.IsTrue(none.Points.Count == 2 && double.IsNaN(none.Points[0].Accuracy));
        StringAssert.Contains(none.ToJson(), "\"accuracy\": null");
    }

    [TestMethod]
    public void EachFoldHasItsMetrics()
    {
        using var scored = new Scored(18);
        var folds = scored.Context.MulticlassClassification.CrossValidate(scored.Data, scored.Context.Transforms.RobustImageClassification(Scored.Options()), numberOfFolds: 2);
        IReadOnlyList<AttributionRobustnessMetrics> metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            folds, new AttributionRobustnessOptions { Attack = new TopKAttack { K = 9, Steps = 2 }, Similarities = [new(new CosineSimilarity())] });
        Assert.HasCount(2, metrics);
        Assert.AreEqual(18, metrics.Sum(fold => fold.RowCount));
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual(folds[i].Metrics.MicroAccuracy, metrics[i].AccuracyBefore, 1e-9);
        }

        string[] lines = metrics.ToString()!.ReplaceLineEndings("\n").Split('\n');
        Assert.HasCount(5, lines);
        AssertLine(lines[1], "Cosine similarity", metrics[0].Of<CosineSimilarity>().Mean, metrics[1].Of<CosineSimilarity>().Mean);
        AssertLine(lines[2], "accuracy before", metrics[0].AccuracyBefore, metrics[1].AccuracyBefore);
        AssertLine(lines[3], "accuracy after", metrics[0].AccuracyAfter, metrics[1].AccuracyAfter);
        Assert.AreEqual($"18 rows attacked: {metrics.Sum(fold => fold.ValidCount)} with a valid copy", lines[4]);
        Assert.AreEqual("no folds", scored.Context.MulticlassClassification.EvaluateAttributionRobustness([], new AttributionRobustnessOptions()).ToString());

        static void AssertLine(string line, string name, double first, double second)
        {
            double[] numbers = [(first + second) / 2, Math.Abs(first - second) / Math.Sqrt(2), Math.Min(first, second), Math.Max(first, second)];
            string expected = string.Join(' ', numbers.Select(number => number.ToString("F4", CultureInfo.InvariantCulture)));
            Assert.AreEqual($"{name} {expected} 2", Regex.Replace(line.Trim(), " +", " "));
        }
    }
}
