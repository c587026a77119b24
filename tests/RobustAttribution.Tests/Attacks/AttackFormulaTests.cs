using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;
using static RobustAttribution.Tests.References.AttackReferences;

namespace RobustAttribution.Tests.Attacks;

/// <summary>
/// Whole walks against their definition: objectives in plain loops, their gradients by central differences, on a two-layer network of 2×4×5 inputs,
/// smooth (attacked as it is) and ReLU (attacked through the surrogate, judged as it is).
/// </summary>
[TestClass]
public sealed class AttackFormulaTests
{
    private const int Height = 4, Width = 5, Pixels = Height * Width;
    private const double Epsilon = 0.1, Beta = 2;

    public static IEnumerable<object[]> Cases
        => from seed in new ulong[] { 1, 2, 3, 4 } from relu in new[] { false, true } select new object[] { seed, relu };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ProjectedGradientDescentRaisesTheCrossEntropy(ulong seed, bool relu)
    {
        var attack = new ProjectedGradientDescent { ThreatModel = new LinfBall(Epsilon), Steps = 5, Step = new SteepestStep(0.03) };
        using Case test = new(seed, relu, surrogate: null);
        double Objective(double[] x) => ObjectiveReferences.CrossEntropy(test.True.Logits(test.True.Normalize(x)), test.Class);
        List<double[]> walk = SignWalk(Objective, test.Image, test.Start(attack), Epsilon, 5, 0.03);

        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, Objective, keepPrediction: false, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TopKLowersTheShareOfTheMostSalientPixels(ulong seed, bool relu)
    {
        var attack = new TopKAttack
        {
            K = 5, ThreatModel = new LinfBall(Epsilon), Steps = 6, Step = new SteepestStep(0.02), RandomStart = false,
        };
        using Case test = new(seed, relu, surrogate: 20);
        int[] top = Top(AbsoluteMap(test.True.PixelGradient(test.Image, test.Class), Pixels), 5);
        double Objective(MlpReference network, double[] x)
        {
            double[] map = AbsoluteMap(network.PixelGradient(x, test.Class), Pixels);
            return -top.Sum(p => map[p]) / map.Sum();
        }

        List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, test.Image, Epsilon, 6, 0.02);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TopKJudgedBySimilarityReturnsTheIterateOfTheLowest(ulong seed, bool relu)
    {
        var attack = new TopKAttack
        {
            K = 5, ThreatModel = new LinfBall(Epsilon), Steps = 6, Step = new SteepestStep(0.02), RandomStart = false,
            Judge = new CosineSimilarity(),
        };
        using Case test = new(seed, relu, surrogate: 20);
        double[] Map(MlpReference network, double[] x) => AbsoluteMap(network.PixelGradient(x, test.Class), Pixels);
        int[] top = Top(Map(test.True, test.Image), 5);
        List<double[]> walk = SignWalk(
            x => -top.Sum(p => Map(test.Smooth, x)[p]) / Map(test.Smooth, x).Sum(), test.Image, test.Image, Epsilon, 6, 0.02);
        test.BestIs(walk, x => -ObjectiveReferences.Cosine(Map(test.True, test.Image), Map(test.True, x)), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TargetMapDrawsToTheFrameAndHoldsTheLogits(ulong seed, bool relu)
    {
        var attack = new TargetMapAttack { ThreatModel = new LinfBall(Epsilon), Steps = 6, Gamma = 0.6, RandomStart = false };
        using Case test = new(seed, relu, surrogate: 20);
        double[] frame = [.. Enumerable.Range(0, Pixels).Select(p => p / Width is 0 or Height - 1 || p % Width is 0 or Width - 1 ? 1.0 : 0)];
        double Objective(MlpReference network, double[] x)
        {
            double[] map = AbsoluteMap(network.PixelGradient(x, test.Class), Pixels);
            double logits = ObjectiveReferences.SquaredDistance(network.Logits(network.Normalize(x)), network.Logits(network.Normalize(test.Image)));
            return -((0.6 * ObjectiveReferences.SquaredDistance(DividedBy(map, map.Max()), frame)) + (0.4 * logits));
        }

        List<double[]> walk = AdamWalk(x => Objective(test.Smooth, x), test.Image, test.Image, Epsilon, 6, 4 * Epsilon / 6);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void CenterOfMassMovesAway(ulong seed, bool relu)
    {
        var attack = new CenterOfMassAttack { ThreatModel = new LinfBall(Epsilon), Steps = 5, Step = new SteepestStep(0.02) };
        using Case test = new(seed, relu, surrogate: 20);
        double Objective(MlpReference network, double[] x)
        {
            (double Row, double Column) clean = Center(AbsoluteMap(test.True.PixelGradient(test.Image, test.Class), Pixels), Width);
            (double Row, double Column) moved = Center(AbsoluteMap(network.PixelGradient(x, test.Class), Pixels), Width);
            return Math.Sqrt(Math.Pow(moved.Row - clean.Row, 2) + Math.Pow(moved.Column - clean.Column, 2));
        }

        List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, test.Start(attack), Epsilon, 5, 0.02);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void RankPairsInvertsTheBorderOfTheTopK(ulong seed, bool relu)
    {
        var attack = new RankPairsAttack { K = 5, Border = 3, ThreatModel = new LinfBall(Epsilon), Steps = 5, Step = new SteepestStep(0.02) };
        using Case test = new(seed, relu, surrogate: 20);
        double[] Map(MlpReference network, double[] x)
        {
            double[] map = AbsoluteMap(network.PixelGradient(x, test.Class), Pixels);
            return DividedBy(map, map.Sum());
        }

        double[] clean = Map(test.True, test.Image);
        int[] order = Top(clean, Pixels), above = order[2..5], below = order[5..8];
        double scale = above.Average(i => below.Average(j => clean[i] - clean[j]));
        double Objective(MlpReference network, double[] x)
        {
            double[] map = Map(network, x);
            return -above.Sum(i => below.Sum(j => Math.Tanh((map[i] - map[j]) / scale)));
        }

        List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, test.Start(attack), Epsilon, 5, 0.02);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void MapDistanceRaisesTheCosineDistanceOrTheMeanSquaredError(ulong seed, bool relu)
    {
        using Case test = new(seed, relu, surrogate: 20);
        foreach (MapDistance distance in Enum.GetValues<MapDistance>())
        {
            var attack = new MapDistanceAttack
            {
                Distance = distance, ThreatModel = new LinfBall(Epsilon), Steps = 4, Step = new SteepestStep(0.02),
            };
            double[] Map(MlpReference network, double[] x)
            {
                double[] map = AbsoluteMap(network.PixelGradient(x, test.Class), Pixels);
                return DividedBy(map, map.Sum());
            }

            double[] clean = Map(test.True, test.Image);
            double Objective(MlpReference network, double[] x) => distance == MapDistance.Cosine
                ? 1 - ObjectiveReferences.Cosine(Map(network, x), clean)
                : ObjectiveReferences.SquaredDistance(Map(network, x), clean) / Pixels;
            List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, test.Start(attack), Epsilon, 4, 0.02);
            test.LastIterateIs(walk[^1], attack);
            test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AdaptiveStepsHalveWhereProgressStalls(ulong seed, bool relu)
    {
        var attack = new CenterOfMassAttack { ThreatModel = new LinfBall(Epsilon), Steps = 18, Step = new AdaptiveStep() };
        using Case test = new(seed, relu, surrogate: 20);
        (double Row, double Column) clean = Center(AbsoluteMap(test.True.PixelGradient(test.Image, test.Class), Pixels), Width);
        double Objective(double[] x)
        {
            (double Row, double Column) moved = Center(AbsoluteMap(test.Smooth.PixelGradient(x, test.Class), Pixels), Width);
            return Math.Sqrt(Math.Pow(moved.Row - clean.Row, 2) + Math.Pow(moved.Column - clean.Column, 2));
        }

        (List<double[]> walk, int halvings) = AdaptiveWalk(Objective, test.Image, test.Start(attack), Epsilon, [4, 8, 11, 13, 15, 16, 17, 18], 18);
        Assert.IsGreaterThan(0, halvings);
        test.LastIterateIs(walk[^1], attack, 1e-6);
    }

    [TestMethod]
    public void TheCheckpointsAreThePapers()
        => CollectionAssert.AreEquivalent(new[] { 22, 41, 57, 70, 80, 87, 93, 99 }, AdaptiveStep.Checkpoints(100).ToArray());

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AlignmentMakesTheWrongClassLookLikeTheImage(ulong seed, bool relu)
    {
        // β = 5: with the default 50 the units saturate, and beside the top positions the derivative (1e-8 and less) is below what differences
        // resolve.
        var attack = new AlignmentAttack { ThreatModel = new LinfBall(Epsilon), TopShare = 0.4, Surrogate = Activation.Softplus(5) };
        using Case test = new(seed, relu, surrogate: 5);
        double[] start = test.Start(attack);
        int[] top = Top([.. test.True.Gradient(test.True.Normalize(start), test.Class).Select(Math.Abs)], 16); // 0.4 · 40
        double Objective(MlpReference network, double[] x)
        {
            double[] u = network.Normalize(x);
            double Distance(int k) => 1 - ObjectiveReferences.Cosine([.. top.Select(i => u[i])], [.. top.Select(i => network.Gradient(u, k)[i])]);
            return ObjectiveReferences.SoftMargin(Distance(test.Class), Distance(ObjectiveReferences.StrongestWrong(network.Logits(u), test.Class)));
        }

        List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, start, Epsilon, 3, 5.0 / 255);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AlignmentOverChannelMeansLooksAtPixels(ulong seed, bool relu)
    {
        var attack = new AlignmentAttack
        {
            ThreatModel = new LinfBall(Epsilon), TopShare = 0.4, ChannelMean = true, Surrogate = Activation.Softplus(5),
        };
        using Case test = new(seed, relu, surrogate: 5);
        double[] start = test.Start(attack);
        // 0.4 · 20 pixels, by the mean of |g_y|
        int[] top = Top(Mean([.. test.True.Gradient(test.True.Normalize(start), test.Class).Select(Math.Abs)]), 8);
        double Objective(MlpReference network, double[] x)
        {
            double[] u = network.Normalize(x);
            double Distance(int k)
                => 1 - ObjectiveReferences.Cosine([.. top.Select(i => Mean(u)[i])], [.. top.Select(i => Mean(network.Gradient(u, k))[i])]);
            return ObjectiveReferences.SoftMargin(Distance(test.Class), Distance(ObjectiveReferences.StrongestWrong(network.Logits(u), test.Class)));
        }

        List<double[]> walk = SignWalk(x => Objective(test.Smooth, x), test.Image, start, Epsilon, 3, 5.0 / 255);
        test.LastIterateIs(walk[^1], attack);
        test.BestIs(walk, x => Objective(test.True, x), keepPrediction: true, attack);

        static double[] Mean(double[] values) => [.. Enumerable.Range(0, 20).Select(i => (values[i] + values[i + 20]) / 2)];
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void InTheL2BallStepsAreNormalisedGradients(ulong seed, bool relu)
    {
        var attack = new ProjectedGradientDescent { ThreatModel = new L2Ball(Epsilon), Steps = 4, RandomStart = false, Step = new SteepestStep() };
        using Case test = new(seed, relu, surrogate: null);
        double[] x = test.Image;
        for (int t = 0; t < 4; t++)
        {
            double[] gradient = Gradient(point => ObjectiveReferences.CrossEntropy(test.True.Logits(test.True.Normalize(point)), test.Class), x);
            double norm = Math.Max(Math.Sqrt(gradient.Sum(value => value * value)), 1e-300); // no gradient (all units off): no step
            double[] offset = [.. x.Select((value, i) => value + (Epsilon * gradient[i] / norm) - test.Image[i])]; // 4ε/4
            double length = Math.Max(Math.Sqrt(offset.Sum(value => value * value)), 1e-300);
            x = [.. offset.Select((value, i) => Math.Clamp(test.Image[i] + (value * Math.Min(1, Epsilon / length)), 0, 1))];
        }

        test.LastIterateIs(x, attack, 1e-6);
    }

    [TestMethod]
    public void RandomNoiseIsTheStartOfTheThreatModel()
    {
        using Case test = new(3, relu: true, surrogate: null);
        using var generator = new Generator(21, CPU);
        var noise = new RandomNoise { KeepPrediction = false, ThreatModel = new L2Ball(Epsilon) };
        using AttackResult result = noise.Perturb(test.Network, test.Images, test.Classes, generator);
        using var twin = new Generator(21, CPU);
        Values.AreClose(new L2Ball(Epsilon).RandomStart(test.Images, test.Network.Input, twin), result.Images, 0);
        Assert.AreEqual(0, result.Gain[0].ToDouble());
    }

    /// <summary>One image of a small network, with its reference as it is and through the surrogate.</summary>
    private sealed class Case : IDisposable
    {
        private readonly DisposeScope scope = NewDisposeScope();

        public Case(ulong seed, bool relu, double? surrogate)
        {
            Network = MlpReference.Network(seed, relu ? Activation.Relu : Activation.Softplus(Beta), size: Height, hidden: 8, width: Width);
            True = new MlpReference(Network, relu ? null : Beta);
            Smooth = relu && surrogate is { } beta ? new MlpReference(Network, beta) : True;
            (Images, Classes) = TinyNetworks.Batch(Network, 1, seed);
            Classes = Network.Logits(Images).argmax(1);
            (Image, Class) = (Values.Of(Images), (int)Classes.ToInt64());
        }

        public ImageNetwork Network { get; }

        public MlpReference True { get; }

        public MlpReference Smooth { get; }

        public Tensor Images { get; }

        public Tensor Classes { get; }

        public double[] Image { get; }

        public int Class { get; }

        public double[] Start(AttributionAttack attack)
        {
            using var generator = new Generator(21, CPU);
            return Values.Of(attack.ThreatModel.RandomStart(Images, Network.Input, generator));
        }

        public void LastIterateIs(double[] expected, AttributionAttack attack, double tolerance = 1e-7)
        {
            using var generator = new Generator(21, CPU);
            Values.AreClose(expected, Values.Of(attack.LastIterate(Network, Images, Classes, generator)), tolerance, "last iterate");
        }

        /// <summary>Of the walk, the iterate with the best gain that keeps the prediction.</summary>
        public void BestIs(List<double[]> walk, Func<double[], double> gain, bool keepPrediction, AttributionAttack attack)
        {
            using var generator = new Generator(21, CPU);
            using AttackResult result = attack.Perturb(Network, Images, Classes, generator);
            double[][] allowed = [.. walk.Where(x => !keepPrediction || Prediction(x) == Prediction(Image))];
            Assert.AreEqual(allowed.Length > 0, result.Valid[0].ToBoolean());
            if (allowed.Length == 0)
            {
                Values.AreClose(Image, Values.Of(result.Images), 0);
                return;
            }

            double[] best = allowed.MaxBy(gain)!;
            Values.AreClose([gain(best)], [result.Gain[0].ToDouble()], 1e-6, "gain");
            Values.AreClose(best, Values.Of(result.Images), 1e-7, "best iterate");
        }

        public void Dispose()
        {
            Network.Dispose();
            scope.Dispose();
        }

        private int Prediction(double[] x)
        {
            double[] logits = True.Logits(True.Normalize(x));
            return Array.IndexOf(logits, logits.Max());
        }
    }
}
