using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Evaluation;

[TestClass]
public sealed class SaliencySanityTests
{
    private static readonly SanityChecks Checks = new() { Attack = new TopKAttack { K = 9, Steps = 3 } };

    [TestMethod]
    public void TheViewIsCheckedAsItsImagesAreAndTheModelStaysAsItWas()
    {
        using var scored = new Scored();
        float[][] before = [.. scored.View.GetColumn<float[]>("Score")];
        SanityReport found = scored.Context.MulticlassClassification.EvaluateSaliencySanity(scored.View, Checks);

        NetworkHandle handle = NetworkHandle.Find(scored.View.Schema, "Score", "the test");
        using IDisposable scope = NewDisposeScope();
        Tensor images = tensor(scored.Data.GetColumn<float[]>("Image").SelectMany(image => image).ToArray()).reshape(-1, 1, 8, 8) / 255.0;
        SanityReport expected = Checks.Measure(handle.Network, new TensorBatchSource(images, zeros(11, ScalarType.Int64)), Scored.BatchSize);
        Assert.AreEqual(11, found.Count);
        Assert.AreEqual($"{expected}", $"{found}");
        Assert.AreEqual(6, found.CascadingRandomization.Values.Count, "layers");
        Assert.AreEqual(1.0, found.AttackLadder.Values[0].Similarity);
        CollectionAssert.AreEqual(before.SelectMany(row => row).ToArray(), scored.View.GetColumn<float[]>("Score").SelectMany(row => row).ToArray());
    }

    [TestMethod]
    public void WhatCannotBeCheckedIsRefusedByName()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => catalog.EvaluateSaliencySanity(scored.View, new())).Message, "Attack is a TopKAttack: K is 100");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => catalog.EvaluateSaliencySanity(scored.Context.Data.SkipRows(scored.View, 100), Checks)).Message, "no row");
        StringAssert.Contains(Assert.Throws<Exception>(() => catalog.EvaluateSaliencySanity(scored.Data, Checks)).Message, "'Score'");
    }
}
