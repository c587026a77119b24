using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>Maps that are not finite are named by method and row, and maps too small for an option before any row is read.</summary>
[TestClass]
public sealed class UnusableMapTests
{
    private static readonly SimilarityColumn[] Cosine = [new(new CosineSimilarity())];
    private static readonly RandomNoise Noise = new() { KeepPrediction = false };

    [TestMethod]
    public void AMapThatIsNotFiniteIsNamedByMethodAndRow()
    {
        using var scored = new Scored();
        List<TestImage> images = TestImage.Make(9);
        images[2].Label = "unknown";
        IDataView view = scored.Chain.Transform(scored.Context.Data.LoadFromEnumerable(images));
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        foreach ((Action evaluate, string image) in new (Action, string)[]
        {
            (() => catalog.EvaluateAttributionRobustness(view, new AttributionRobustnessOptions { Attack = Noise, Method = new Broken(9), Similarities = Cosine }), "row 5"),
            (() => catalog.EvaluateAttributionRobustness(view, new AttributionRobustnessOptions { Attack = Noise, Method = new Broken(13), Similarities = Cosine }), "the attacked copy of row 5"),
            (() => catalog.EvaluateInsertionDeletion(view, new PixelCurveOptions { Method = new Broken(5), Steps = 2 }), "row 5"),
            (() => catalog.EvaluateInsertionDeletion(view, new PixelCurveOptions { Method = new Broken(13), Attack = Noise, Steps = 2 }), "the attacked copy of row 5"),
            (() => catalog.EvaluateRandomPerturbation(view, new() { Method = new Broken(10), Draws = 1 }), "row 6"),
            (() => catalog.EvaluateSecurityCurve(view, new SecurityCurve
            {
                Radii = [0.1], PredictionAttack = new ProjectedGradientDescent { Steps = 1 }, ExplanationAttack = Noise, Map = new SaliencyMap(new Broken(8)), Similarities = [new CosineSimilarity()],
            }), "row 5"), // behind the row without label
            (() => Rows.Read(scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = Noise, Method = new Broken(3), Similarities = Cosine }).Fit(view).Transform(view)), "image 3 of the batch"),
        })
        {
            StringAssert.StartsWith(
                Assert.ThrowsExactly<InvalidOperationException>(evaluate).Message, $"Broken computed a map with NaN or infinity for {image}; maps must be finite.");
        }
    }

    [TestMethod]
    public void OptionsTooLargeForTheMapsAreRefusedBeforeTheFirstRow()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView none = scored.Context.Data.SkipRows(scored.View, 100);
        var small = new TopKAttack { K = 9 };
        var large = new TopKAttack { K = 64 };
        const string Attacked = "is a TopKAttack: K is 64; allowed is less than the 64 pixels of the map.";
        foreach ((IMapSimilarity similarity, string problem) in new (IMapSimilarity, string)[]
        {
            (new TopKIntersection(65), "is a TopKIntersection: K is 65, and the maps have 8×8 = 64 pixels; allowed is at most that many."),
            (new LocalitySensitiveTopK(65), "is a LocalitySensitiveTopK: K is 65, and the maps have 8×8 = 64 pixels; allowed is at most that many."),
            (new StructuralSimilarity(9), "is a StructuralSimilarity: Window is 9, and the maps have 8×8 pixels; allowed is a window that fits into them."),
        })
        {
            SimilarityColumn[] columns = [new(new CosineSimilarity()), new(similarity)];
            Refuses(() => catalog.EvaluateAttributionRobustness(none, new AttributionRobustnessOptions { Attack = small, Similarities = columns }), $"Similarities[1] {problem}");
            Refuses(() => catalog.EvaluateRandomPerturbation(none, new() { Similarities = columns }), $"Similarities[1] {problem}");
            Refuses(() => catalog.EvaluateSecurityCurve(none, new SecurityCurve { ExplanationAttack = small, Similarities = [similarity] }), $"Similarities[0] {problem}");
            Refuses(() => scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = small, Similarities = columns }).Fit(none), $"Similarities[1] {problem}");
            Refuses(() => scored.Context.Transforms.RandomPerturbation(new RandomPerturbationEstimator.Options { Similarities = columns }).Fit(none), $"Similarities[1] {problem}");
            Refuses(
                () => scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = small with { Judge = similarity }, Similarities = Cosine }).Fit(none),
                "Attack is a TopKAttack: " + problem[(problem.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        }

        Refuses(() => catalog.EvaluateAttributionRobustness(none, new AttributionRobustnessOptions { Attack = large, Similarities = Cosine }), $"Attack {Attacked}");
        Refuses(() => catalog.EvaluateInsertionDeletion(none, new PixelCurveOptions { Attack = large }), $"Attack {Attacked}");
        Refuses(() => catalog.EvaluateSecurityCurve(none, new SecurityCurve { ExplanationAttack = large, Similarities = [] }), $"ExplanationAttack {Attacked}");
        Refuses(() => scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = large, Similarities = Cosine }).Fit(none), $"Attack {Attacked}");
        Refuses(() => catalog.RobustnessReport(scored.Chain, scored.Raw, new RobustnessReportOptions { Attacks = [small, large], Similarities = [new CosineSimilarity()] }), $"Attacks[1] {Attacked}");

        static void Refuses(Func<object> measure, string message) => Assert.AreEqual(message, Assert.ThrowsExactly<ArgumentException>(() => measure()).Message);
    }

    /// <summary>Ones, with NaN for one of all images asked for.</summary>
    private sealed class Broken(int image) : IAttributionMethod
    {
        private int seen;

        public bool IsDifferentiable => false;

        public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        {
            Tensor ones = ones_like(images);
            int here = image - seen;
            seen += (int)images.shape[0];
            if (here >= 0 && here < images.shape[0])
            {
                ones[here, 0, 1, 2] = double.NaN;
            }

            return ones;
        }
    }
}
