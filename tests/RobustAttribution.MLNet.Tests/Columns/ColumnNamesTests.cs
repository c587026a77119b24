using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Columns;

/// <summary>A new column has a name of its own: neither another new column's nor that of a column which is read.</summary>
[TestClass]
public sealed class ColumnNamesTests
{
    private readonly TransformsCatalog transforms = new MLContext(1).Transforms;

    [TestMethod]
    public void TwoNewColumnsOfOneNameAreAnErrorThatNamesBothOptions()
    {
        Refuses(() => transforms.Saliency(new() { SignedColumnName = "Saliency" }), "OutputColumnName and SignedColumnName are both 'Saliency'");
        Refuses(
            () => transforms.Saliency(new() { HeatMapColumnName = "A", OverlayColumnName = "A" }), "HeatMapColumnName and OverlayColumnName are both 'A'");
        Refuses(
            () => transforms.AttributionAttack(new() { ValidColumnName = "After", PredictedLabelColumnName = "After" }),
            "PredictedLabelColumnName and ValidColumnName are both 'After'");
        Refuses(
            () => transforms.AttributionAttack(new() { OutputColumnName = "KendallTau" }),
            "OutputColumnName and Similarities[1] are both 'KendallTau'");
        Refuses(
            () => transforms.RandomPerturbation(new() { Similarities = [new(new KendallTau()), new("B", new KendallTau()), new(new KendallTau())] }),
            "Similarities[0] and Similarities[2] are both 'KendallTau'");
        Refuses(() => transforms.CertifiedSaliency(new() { ShareColumnName = "Certificate" }), "OutputColumnName and ShareColumnName are both 'Certificate'");
    }

    [TestMethod]
    public void ANewColumnWithTheNameOfOneThatIsReadIsAnErrorThatNamesBothOptions()
    {
        Refuses(() => transforms.Saliency("Score"), "ScoreColumnName and OutputColumnName are both 'Score'");
        Refuses(
            () => transforms.AttributionAttack(new() { ImageColumnName = "Photo", AttackedMLImageColumnName = "Photo" }),
            "ImageColumnName and AttackedMLImageColumnName are both 'Photo'");
        Refuses(() => transforms.Saliency("Label", target: SaliencyTarget.Label()), "Target.ColumnName and OutputColumnName are both 'Label'");
        Refuses(() => transforms.SaliencyLocalization("Saliency"), "MapColumnName and OutputColumnName are both 'Saliency'");
        Refuses(() => transforms.SaliencyLocalization("Image"), "ImageColumnName and OutputColumnName are both 'Image'");
        ColumnNames.RequireDistinct([("A", "a"), ("B", "b"), ("C", null)], ("D", "d"), ("E", null), ("F", "d"));
    }

    [TestMethod]
    public void AnEmptyNameIsAnErrorThatNamesTheOption()
    {
        Refuses(() => transforms.Saliency(string.Empty), "OutputColumnName is ''");
        Refuses(() => transforms.Saliency(new() { HeatMapColumnName = string.Empty }), "HeatMapColumnName is ''");
        Refuses(() => transforms.AttributionAttack(new() { ImageColumnName = string.Empty }), "ImageColumnName is ''");
        Refuses(() => transforms.RobustImageClassification(new() { ScoreColumnName = string.Empty }), "ScoreColumnName is ''");
    }

    [TestMethod]
    public void TheColumnThatTheNetworkWasTrainedOnIsNotReplacedEither()
    {
        using var scored = new Scored();
        AttributionAttackEstimator attack = scored.Context.Transforms.AttributionAttack(
            new() { OutputColumnName = "Image", Attack = new TopKAttack { K = 10 }, Similarities = [new(new KendallTau())] });
        Refuses(() => attack.Fit(scored.View), "ImageColumnName and OutputColumnName are both 'Image'");
    }

    [TestMethod]
    public void AModelFileWithSuchNamesIsStillRead()
    {
        using var scored = new Scored();
        var options = new AttributionAttackEstimator.Options
        {
            Attack = new TopKAttack { K = 9, Steps = 1 },
            Similarities = [],
            OutputColumnName = "Image",
            ImageColumnName = "Image",
        };
        var attack = new AttributionAttackTransformer(CatalogEnvironment.Of(transforms), options);
        using var file = new MemoryStream();
        scored.Context.Model.Save(attack, scored.View.Schema, file);
        file.Position = 0;
        IDataView attacked = scored.Context.Model.Load(file, out _).Transform(scored.View);
        CollectionAssert.AreEqual(
            new[] { true, false }, attacked.Schema.Where(column => column.Name == "Image").Select(column => column.IsHidden).ToArray());
        Assert.IsNotEmpty(Rows.Read(attacked, ["Image", "AttackValid"]));
    }

    private static void Refuses(Func<object> deed, string message)
        => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => deed()).Message, message);
}
