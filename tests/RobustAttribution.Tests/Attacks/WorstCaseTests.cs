using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attacks;

/// <summary>The ensemble and its random search, on networks trained to see which quadrant is bright.</summary>
[TestClass]
public sealed class WorstCaseTests
{
    private static readonly WorstCaseAttack Attack = new()
    {
        Judge = new TopKIntersection(12), ThreatModel = new LinfBall(0.1), Steps = 10, Restarts = 3, Queries = 20, NoiseDraws = 3,
    };

    public static IEnumerable<object[]> Cases
        => from relu in new[] { true, false } from euclidean in new[] { true, false } select new object[] { relu, euclidean };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void NoPartIsStronger(bool relu, bool euclidean)
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu);
        WorstCaseAttack attack = euclidean ? Attack with { ThreatModel = new L2Ball(0.6) } : Attack;
        using var generator = new Generator(11, CPU);
        using WorstCaseResult result = attack.Search(network, images, classes, generator, [new KendallTau()]);
        Assert.HasCount(2, result.Judged);
        Assert.HasCount(8, result.Attacks);
        foreach (WorstCaseByJudge by in result.Judged)
        {
            // What it says of its images is so.
            Tensor attacked = by.Worst.Images;
            double[] recomputed = Values.Of(by.Judge.Compare(Map(network, images, classes), Map(network, attacked, classes)));
            double norm = (attacked - images).flatten(1).norm(1, p: euclidean ? 2 : float.PositiveInfinity).max().ToDouble();
            Assert.IsTrue(norm <= attack.ThreatModel.Radius + 1e-6 && attacked.min().ToDouble() >= 0 && attacked.max().ToDouble() <= 1);
            Assert.IsTrue(network.Logits(attacked).argmax(1).eq(classes).all().ToBoolean());
            Assert.IsTrue(by.Worst.Valid.all().ToBoolean());
            Values.AreClose(recomputed, [.. by.Similarity], 1e-12);
            Values.AreClose(recomputed, [.. Values.Of(by.Worst.Gain).Select(gain => -gain)], 1e-12);

            // The worst of all parts, restart by restart and step by step.
            Assert.HasCount(3, by.ByRestart);
            Values.AreClose([.. by.Similarity], [.. by.ByRestart[^1]], 0);
            for (int i = 0; i < classes.shape[0]; i++)
            {
                Assert.IsTrue(by.ByAttack.All(reached => by.Similarity[i] <= reached[i]));
                Assert.IsTrue(by.ByRestart[1][i] <= by.ByRestart[0][i] && by.ByRestart[2][i] <= by.ByRestart[1][i]);
                Assert.AreEqual(by.ByRestart[1][i], by.ByAttack.Min(reached => reached[i]), "before the last restart all walks are alone");
                bool fromOthers = by.Similarity[i] < by.ByRestart[1][i];
                Assert.IsTrue(fromOthers ? by.Winner[i] is >= 0 and < 6 : by.Winner[i] < 0 || by.ByAttack[by.Winner[i]][i] == by.Similarity[i]);
            }

            CollectionAssert.AreEqual(new[] { 11, 11, 11, 11, 11, 11, 20, 3 }, by.Curves.Select(curve => curve.Count).ToArray());
            foreach ((IReadOnlyList<double> curve, IReadOnlyList<double> reached) in by.Curves.Zip(by.ByAttack))
            {
                Assert.IsTrue(curve.Zip(curve.Skip(1)).All(pair => pair.Second <= pair.First));
                Assert.AreEqual(reached.Average(), curve[^1], 1e-12);
            }
        }

        // Each attack by itself, from the image, is in the first restart.
        foreach (MapAttack part in attack.Walks(0, 64).Where(part => !part.RandomStart))
        {
            using AttackResult single = Perturb(part with { Judge = attack.Judge }, network, images, classes);
            double[] gains = [.. Values.Of(single.Gain).Select(gain => double.IsNaN(gain) ? -1 : gain)];
            Assert.IsTrue(result.Judged[0].ByRestart[0].Zip(gains).All(pair => pair.First <= -pair.Second), $"{part}");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ItIsStrongerThanTheTopKAttack(bool relu)
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu);
        var single = new TopKAttack
        {
            K = 12, ThreatModel = Attack.ThreatModel, Steps = 30, Step = new SteepestStep(0.01), Restarts = 5, Judge = Attack.Judge,
        };
        using AttackResult top = Perturb(single, network, images, classes), worst = Perturb(Attack, network, images, classes);
        Assert.IsTrue(top.Valid.all().ToBoolean() && worst.Valid.all().ToBoolean());
        Assert.IsGreaterThan(top.Gain.mean().ToDouble() + 0.03, worst.Gain.mean().ToDouble());
        Assert.IsTrue(worst.Improved!.all().ToBoolean());
    }

    [TestMethod]
    public void WithoutABudgetTheSimilarityIsIdealAndWithALargeOneIteratesAreLost()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu: true);
        using var generator = new Generator(11, CPU);
        using WorstCaseResult none = ((WorstCaseAttack)Attack.WithThreatModel(new LinfBall(0))).Search(network, images, classes, generator);
        Assert.IsTrue(none.Judged[0].Similarity.All(value => value == 1) && none.Judged[0].Winner.All(winner => winner == -1));
        Values.AreClose(images, none.Judged[0].Worst.Images, 0);
        Assert.AreEqual(0, none.LostToPrediction.Sum());
        Assert.IsFalse(none.Judged[0].Worst.Improved!.any().ToBoolean());

        WorstCaseAttack large = Attack with { ThreatModel = new LinfBall(0.6), Steps = 3, Restarts = 2 };
        using WorstCaseResult much = large.Search(network, images, classes, generator);
        Assert.IsGreaterThan(0, much.LostToPrediction.Sum());
        (images, classes) = AttackTests.Quadrants(network, 8, seed: 97);
        Assert.IsFalse(network.Logits(images.flip(2, 3)).argmax(1).eq(network.Logits(images).argmax(1)).any().ToBoolean());
        using WorstCaseResult impossible = (large with { ThreatModel = new UpsideDown() }).Search(network, images, classes, generator);
        Assert.IsFalse(impossible.Judged[0].Worst.Valid.any().ToBoolean());
        Assert.IsTrue(impossible.Judged[0].Similarity.All(double.IsNaN));
        Values.AreClose(images, impossible.Judged[0].Worst.Images, 0);
    }

    [TestMethod]
    public void AFinishedImageIsLeftOutAndTheOthersDoNotNotice()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork inner, Tensor images, Tensor classes) = Problem(relu: true);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (WorstCaseResult Result, long Images, double[] Next) Run(double enough)
        {
            counter.Reset();
            using var generator = new Generator(11, CPU);
            WorstCaseResult result = (Attack with { EnoughSimilarity = enough }).Search(network, images, classes, generator);
            return (result, counter.Images, Values.Of(rand([3], generator: generator)));
        }

        (WorstCaseResult all, long imagesOfAll, double[] nextOfAll) = Run(-1);
        (WorstCaseResult some, long imagesOfSome, double[] nextOfSome) = Run(0.3);
        Assert.IsLessThan(imagesOfAll * 0.9, imagesOfSome);
        Values.AreClose(nextOfAll, nextOfSome, 0, "draws are made for all");
        bool[] survives = [.. some.Judged[0].Similarity.Select(value => value > 0.3)];
        Assert.IsTrue(survives.Contains(true) && survives.Contains(false));
        for (int i = 0; i < survives.Length; i++)
        {
            if (survives[i])
            {
                Assert.AreEqual(all.Judged[0].Similarity[i], some.Judged[0].Similarity[i]);
                Values.AreClose(all.Judged[0].Worst.Images[i], some.Judged[0].Worst.Images[i], 1e-9);
            }
            else
            {
                Assert.IsLessThanOrEqualTo(0.3, some.Judged[0].Similarity[i]);
            }
        }

        all.Dispose();
        some.Dispose();
    }

    [TestMethod]
    public void ASmoothedMapIsAttackedAsTheFunctionOfItsSeed()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu: true);
        var smooth = new SmoothGrad { Samples = 4, NoiseLevel = 0.1, Seed = 3 };
        WorstCaseAttack attack = Attack with { Attribution = smooth, Steps = 4, Restarts = 2 };
        using var generator = new Generator(11, CPU);
        using WorstCaseResult result = attack.Search(network, images, classes, generator);
        WorstCaseByJudge by = result.Judged[0];
        var saliency = new SaliencyMap(smooth);
        Tensor before = saliency.Of(network, images, classes), after = saliency.Of(network, by.Worst.Images, classes);
        Values.AreClose(Values.Of(attack.Judge.Compare(before, after)), [.. by.Similarity], 1e-12);
        Assert.IsLessThan(by.ByAttack[7].Average() - 0.1, by.Similarity.Average(), "noise alone");
    }

    [TestMethod]
    public void AFurtherRestartNeverFindsLess()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu: true);
        IReadOnlyList<double>[] found = [.. Enumerable.Range(1, 6).Select(restarts =>
        {
            using var generator = new Generator(11, CPU);
            using WorstCaseResult result = (Attack with { Restarts = restarts, Steps = 4 }).Search(network, images, classes, generator);
            return result.Judged[0].Similarity;
        })];
        for (int i = 1; i < found.Length; i++)
        {
            Assert.IsTrue(found[i].Zip(found[i - 1]).All(pair => pair.First <= pair.Second), $"{i + 1} restarts");
        }

        Assert.IsLessThan(found[0].Average(), found[^1].Average());
    }

    [TestMethod]
    public void WhatCannotWorkIsNamed()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new WorstCaseAttack { Attribution = new Deconvolution() }).Message, "Attribution");
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(), smooth = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        string missing = Assert.ThrowsExactly<InvalidOperationException>(() => Perturb(Attack, network, images, classes)).Message;
        StringAssert.Contains(missing, nameof(WorstCaseAttack.UseSurrogates));
        foreach (IAttributionAttack attack in new IAttributionAttack[]
        {
            new WorstCaseAttack(), Attack with { Judge = new TopKIntersection(64) }, new SquareAttack(),
        })
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Perturb(attack, smooth, images, classes)).Message, "64");
        }

        // A linear network has one map: nothing improves.
        using AttackResult constant = Perturb(AttackTable.Worst with { UseSurrogates = false }, network, images, classes);
        Assert.IsFalse(constant.Improved!.any().ToBoolean());
        Values.AreClose(images, constant.Images, 0);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void SquaresAreAccepted(bool euclidean)
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, Tensor images, Tensor classes) = Problem(relu: true);
        IThreatModel ball = euclidean ? new L2Ball(0.6) : new LinfBall(0.1);
        var attack = new SquareAttack { Judge = new CosineSimilarity(), Queries = 30, ThreatModel = ball };
        using AttackResult result = Perturb(attack, network, images, classes);

        // The same search by loops over pixels, with the same draws.
        using var again = new Generator(11, CPU);
        (int count, int channels, int side) = ((int)images.shape[0], (int)images.shape[1], 8);
        Tensor current = images.clone(), clean = Map(network, images, classes);
        double[] best = [.. Enumerable.Repeat(double.PositiveInfinity, count)];
        for (int query = 0; query < 30; query++)
        {
            double share = 0.8 * Math.Pow(0.5, new[] { 0.03, 0.15, 0.6, 3, 6, 12, 18, 24 }.Count(at => query > at));
            int window = Math.Max(1, (int)Math.Round(Math.Sqrt(share * 64)));
            double[] rows = query == 0 ? [] : Draws(count), columns = query == 0 ? [] : Draws(count);
            double[] signs = Draws(count * channels * (query == 0 ? side : 1));
            Tensor candidate = current.clone();
            for (int n = 0; n < count; n++)
            for (int c = 0; c < channels; c++)
            for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
            {
                int top = query == 0 ? 0 : (int)(rows[n] * (side - window + 1)), left = query == 0 ? 0 : (int)(columns[n] * (side - window + 1));
                bool within = query == 0 || (y >= top && y < top + window && x >= left && x < left + window);
                double sign = signs[query == 0 ? (((n * channels) + c) * side) + x : (n * channels) + c] >= 0.5 ? 1 : -1;
                double length = euclidean ? 1 / Math.Sqrt(channels * (query == 0 ? side * side : window * window)) : 1;
                candidate[n, c, y, x] += within ? sign * length * 2 * ball.Radius : 0;
            }

            candidate = ball.Project(candidate, images, network.Input);
            double[] similarity = Values.Of(new CosineSimilarity().Compare(clean, Map(network, candidate, classes)));
            long[] predicted = network.Logits(candidate).argmax(1).data<long>().ToArray();
            for (int n = 0; n < count; n++)
            {
                if (predicted[n] == classes[n].ToInt64() && similarity[n] < best[n])
                {
                    best[n] = similarity[n];
                    current[n] = candidate[n];
                }
            }
        }

        Assert.IsTrue(result.Valid.all().ToBoolean());
        Values.AreClose(best, [.. Values.Of(result.Gain).Select(gain => -gain)], 1e-9);
        Values.AreClose(current, result.Images, 1e-12);

        double[] Draws(int number) => Values.Of(rand([number], ScalarType.Float64, CPU, false, again));
    }

    private static (ImageNetwork Network, Tensor Images, Tensor Classes) Problem(bool relu)
    {
        ImageNetwork network = AttackTests.TrainedOnQuadrants(relu ? Activation.Relu : Activation.Softplus(3), ScalarType.Float64);
        (Tensor images, _) = AttackTests.Quadrants(network, 16, seed: 98);
        return (network, images, network.Logits(images).argmax(1));
    }

    private static Tensor Map(ImageNetwork network, Tensor images, Tensor classes) => new SaliencyMap().Of(network, images, classes);

    private static AttackResult Perturb(IAttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes)
    {
        using var generator = new Generator(11, CPU);
        return attack.Perturb(network, images, classes, generator);
    }

    /// <summary>Sends every iterate to the image turned round: the spot is in another quadrant.</summary>
    private sealed record UpsideDown : IThreatModel
    {
        public double Radius => 1;

        public IThreatModel WithRadius(double radius) => this;

        public Tensor RandomStart(Tensor images, InputSpecification input, Generator generator) => Project(images, images, input);

        public Tensor Step(Tensor current, Tensor gradient, double size) => current.clone();

        public Tensor Project(Tensor candidate, Tensor origin, InputSpecification input) => origin.flip(2, 3);
    }
}
