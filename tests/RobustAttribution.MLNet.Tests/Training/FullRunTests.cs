using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Everything a user does, from training to the saved file, done twice.</summary>
[TestClass]
public sealed class FullRunTests
{
    [TestMethod]
    public void OneSeedGivesTheSameBitsAndNothingStaysAlive()
    {
        _ = Run(seed: 5); // what libraries keep for themselves
        long before = LiveTensors.Count();
        Result first = Run(seed: 5);
        long after = LiveTensors.Count();
        Result second = Run(seed: 5);
        Assert.AreEqual(before + first.Parameters, after, "live tensors, and one for each parameter that was made");
        Assert.IsTrue(first.Weights.AsSpan().SequenceEqual(second.Weights), "weights");
        CollectionAssert.AreEqual(first.Numbers, second.Numbers);
        Assert.IsFalse(first.Weights.AsSpan().SequenceEqual(Run(seed: 6).Weights), "another seed, other weights");
    }

    private static Result Run(int seed)
    {
        CountingArchitecture.Register();
        var context = new MLContext(seed);
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(24));
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { Objective = new LocalGradientAlignment(), Seed = seed, Epochs = 3 };
        IDataView training = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        RobustAttributionModelTransformer classifier = context.Transforms.RobustImageClassification(options).Fit(training);
        IDataView scored = classifier.Transform(training);
        ITransformer explained = context.Transforms.Saliency()
            .Append(context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = new TopKAttack { K = 5, Steps = 3 }, Similarities = [new(new TopKIntersection(9)), new(new KendallTau())] }))
            .Fit(scored);
        var model = new TransformerChain<ITransformer>(classifier, explained);
        AttributionRobustnessMetrics robustness = context.MulticlassClassification.EvaluateAttributionRobustness(model.Transform(training));
        MulticlassClassificationMetrics accuracy = context.MulticlassClassification.Evaluate(model.Transform(training));
        using var file = new MemoryStream();
        context.Model.Save(model, training.Schema, file);
        byte[] weights = [.. classifier.Network.Backbone.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => Bytes(entry.Value))];
        int parameters = 2 * classifier.Network.Backbone.parameters().Count(); // each is made twice, once without memory: InitializedLayers
        classifier.Dispose();
        double[] similarities = [.. robustness.Similarities.Values.Select(similarity => similarity.Mean)];
        return new Result(parameters, weights, [accuracy.MicroAccuracy, accuracy.LogLoss, .. similarities]);
    }

    private static byte[] Bytes(torch.Tensor tensor)
    {
        using torch.Tensor values = tensor.detach().to(torch.float64);
        return MemoryMarshal.AsBytes<double>(values.data<double>().ToArray()).ToArray();
    }

    private sealed record Result(int Parameters, byte[] Weights, double[] Numbers);
}
