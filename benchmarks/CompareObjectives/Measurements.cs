using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>Everything that is measured of one trained network.</summary>
internal static class Measurements
{
    private const int IntegratedCount = 50;
    private static readonly IntegratedGradients Integrated = new() { Steps = 10 };

    public static IReadOnlyDictionary<string, double> Take(ImageNetwork network, FashionMnist data, int seed, bool isBrief)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        Tensor images = data.TestedImages, truth = data.TestedClasses;
        Tensor predicted;
        using (network.ForInspection())
        using (no_grad())
        {
            predicted = network.Logits(images).argmax(1);
        }

        var found = new Dictionary<string, double> { ["accuracy"] = Evaluation.Measure(network, data.Test, 500).Accuracy };
        if (isBrief)
        {
            Compare(found, "gradient", network, new InputGradient(), new TopKAttack(), images, predicted, generator, new TopKIntersection(), new KendallTau());
            return found;
        }

        using (AttackResult pgd = new ProjectedGradientDescent { Steps = 20 }.Perturb(network, images, truth, generator))
        using (network.ForInspection())
        using (no_grad())
        {
            found["PGD-20 accuracy"] = network.Logits(pgd.Images).argmax(1).eq(truth).to(ScalarType.Float64).mean().item<double>();
        }

        Tensor attackedMap = Compare(found, "gradient", network, new InputGradient(), new TopKAttack(), images, predicted, generator, new TopKIntersection(), new KendallTau());
        var integratedAttack = new TopKAttack { Attribution = Integrated, Steps = 20, Step = new SteepestStep(2.0 / 255) };
        Compare(
            found, "IG", network, Integrated, integratedAttack, images.narrow(0, 0, IntegratedCount), predicted.narrow(0, 0, IntegratedCount), generator, new TopKIntersection(), new KendallTau());
        Compare(
            found, "target map", network, new InputGradient(), new TargetMapAttack { ThreatModel = new LinfBall(16.0 / 255), Steps = 50 }, images, predicted, generator, new PearsonCorrelation(), new StructuralSimilarity());
        found["random perturbation cosine"] = RobustnessMeasurement.RandomPerturbation()
            .Measure(network, new TensorBatchSource(images, truth), (int)images.shape[0], seed)
            .Select(row => row.Similarities[0])
            .Where(value => !double.IsNaN(value))
            .Average();
        Insert(found, "insertion", network, images, truth, Maps(network, new InputGradient(), images, predicted));
        Insert(found, "adversarial insertion", network, images, truth, attackedMap);
        return found;
    }

    /// <summary>Attacks, compares the maps of valid images, and returns the maps of all attacked ones.</summary>
    private static Tensor Compare(
        Dictionary<string, double> found,
        string name,
        ImageNetwork network,
        IAttributionMethod method,
        IAttributionAttack attack,
        Tensor images,
        Tensor classes,
        Generator generator,
        params IMapSimilarity[] similarities)
    {
        using AttackResult result = attack.Perturb(network, images, classes, generator);
        Tensor before = Maps(network, method, images, classes), after = Maps(network, method, result.Images, classes);
        Tensor rows = result.Valid.nonzero().flatten();
        foreach (IMapSimilarity similarity in similarities)
        {
            found[$"{name} {similarity.Name}"] = Mean(similarity.Compare(before.index_select(0, rows), after.index_select(0, rows)));
        }

        return after;
    }

    private static Tensor Maps(ImageNetwork network, IAttributionMethod method, Tensor images, Tensor classes)
    {
        using IDisposable inspection = network.ForInspection();
        return new MapReduction().Reduce(method.Attribute(network, images, classes));
    }

    /// <summary>The area under the curve, and the area as a share of what the whole image gives: a network that is never sure has a small area whatever its maps are worth.</summary>
    private static void Insert(Dictionary<string, double> found, string name, ImageNetwork network, Tensor images, Tensor truth, Tensor maps)
    {
        using PixelCurveResult curve = new InsertionCurve().Measure(network, images, truth, maps);
        found[name] = Mean(curve.Areas);
        found[$"{name} / probability of the whole image"] = Mean(curve.Areas) / Mean(curve.Values.select(1, -1));
    }

    /// <summary>The mean of the defined values.</summary>
    private static double Mean(Tensor values) => values.masked_select(values.isnan().logical_not()).mean().item<double>();
}
