using RobustAttribution.Examples.TrainRobustClassifier;

namespace RobustAttribution.Examples.Tests;

/// <summary>The captions of the demo's contact sheet.</summary>
[TestClass]
public sealed class AttackedRowTests
{
    [TestMethod]
    public void AnAttackedImageHasItsAnswerAndItsNumbers()
    {
        var row = new AttackedRow { PredictedLabel = "Bag", AttackValid = true, TopKIntersection = 0.53f, KendallTau = 0.349f };
        CollectionAssert.AreEqual(new[] { "still Bag" }, row.ImageCaptions());
        CollectionAssert.AreEqual(new[] { "top-100 0.53", "Kendall τ 0.35" }, row.MapCaptions());
    }

    [TestMethod]
    public void AnImageWithoutAValidAttackSaysSo()
    {
        var row = new AttackedRow { PredictedLabel = "Bag", AttackValid = false, TopKIntersection = 1, KendallTau = 1 };
        CollectionAssert.AreEqual(new[] { "no valid attack" }, row.ImageCaptions());
        CollectionAssert.AreEqual(new[] { "unchanged" }, row.MapCaptions(), "no number that looks like a success");
    }
}
