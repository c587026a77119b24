using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.Tests.Metrics;

/// <summary>The published settings, number by number.</summary>
[TestClass]
public sealed class EvaluationProtocolTests
{
    [TestMethod]
    [DataRow("RAR", 0.1, 100, 0.01, 3)]
    [DataRow("ART", 8.0 / 255, 50, 1.0 / 255, 1)]
    public void TopKOnIntegratedGradients(string name, double epsilon, int steps, double size, int restarts)
    {
        EvaluationProtocol protocol = name == "RAR" ? EvaluationProtocol.Rar : EvaluationProtocol.Art;
        var attack = (TopKAttack)protocol.Attack;
        Assert.AreEqual(name, protocol.Name);
        Assert.AreEqual(new LinfBall(epsilon), attack.ThreatModel);
        Assert.AreEqual(steps, attack.Steps);
        Assert.AreEqual(new SteepestStep(size), attack.Step);
        Assert.AreEqual(restarts, attack.Restarts);
        Assert.AreEqual(100, attack.K);
        Assert.IsTrue(attack.RandomStart && attack.KeepPrediction && protocol.CorrectlyClassifiedOnly);
        Assert.AreEqual(new KendallTau(), attack.Judge);
        Assert.AreEqual(new IntegratedGradients { Steps = 100 }, attack.Attribution);
        Assert.AreEqual(new SaliencyMap(attack.Attribution, attack.Reduction), protocol.Map); // attacked is what is measured
        Assert.AreEqual(MapScale.Sum, protocol.Map.Reduction.Scale);
        CollectionAssert.AreEqual(new IMapSimilarity[] { new TopKIntersection(100), new KendallTau() }, protocol.Similarities.ToArray());
    }

    [TestMethod]
    public void AgaMovesTheGradientTowardsAFrameFromTheImageItself()
    {
        var attack = (TargetMapAttack)EvaluationProtocol.Aga.Attack;
        Assert.AreEqual(new LinfBall(4.0 / 255), attack.ThreatModel);
        Assert.AreEqual(100, attack.Steps);
        Assert.AreEqual(new AdamStep(), attack.Step);
        Assert.AreEqual(0.5, attack.Gamma);
        Assert.IsFalse(attack.RandomStart || EvaluationProtocol.Aga.CorrectlyClassifiedOnly);
        Assert.AreEqual(new InputGradient(), EvaluationProtocol.Aga.Map.Method);
        Assert.AreEqual(MapScale.Max, EvaluationProtocol.Aga.Map.Reduction.Scale);
    }

    [TestMethod]
    public void OnlyCorrectlyClassifiedImagesCountWhereTheProtocolSaysSo()
    {
        RobustnessRow wrong = new() { Image = 0, Attack = 0, Label = 1, PredictedBefore = 2, PredictedAfter = 2, Valid = true };
        Assert.IsFalse(EvaluationProtocol.Art.Counts(wrong));
        Assert.IsTrue(EvaluationProtocol.Aga.Counts(wrong));
        Assert.IsTrue(EvaluationProtocol.Art.Counts(wrong with { Label = 2 }));
    }
}
