using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Scoring;

/// <summary>torch.inference_mode() around Fit, Transform and Evaluate changes no value.</summary>
[TestClass]
public sealed class InferenceModeTests
{
    [TestMethod]
    public void AroundFitTransformAndEvaluateItChangesNothing()
    {
        string expected = Run();
        StringAssert.DoesNotMatch(expected, new("^0(,0)*$"));
        using var mode = inference_mode();
        Assert.AreEqual(expected, Run());
        Assert.IsTrue(is_inference_mode_enabled());
    }

    private static string Run()
    {
        using var scored = new Scored(change: options => options with { Objective = new LocalGradientAlignment() });
        IDataView explained = scored.Context.Transforms.Saliency().Fit(scored.View).Transform(scored.View);
        IEnumerable<float> maps = Rows.Read(explained).SelectMany(row => (float[])row.Values["Saliency"]);
        var attack = new AttributionRobustnessOptions
        {
            Attack = new TopKAttack { K = 9, Steps = 3 }, Similarities = [new(new TopKIntersection(9))],
        };
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(scored.View, attack);
        return string.Join(',', maps) + metrics.ToJson();
    }
}
