using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>ML.NET's ONNX export of a pipeline with a transform of ours is an error that names it, never a file of the rest.</summary>
[TestClass]
public sealed class OnnxExportTests
{
    [TestMethod]
    public void EveryTransformOfOursIsNamed()
    {
        using var scored = new Scored();
        IDataView scores = scored.View;
        SaliencyTransformer saliency = scored.Context.Transforms.Saliency().Fit(scores);
        IDataView maps = saliency.Transform(scores);
        (string Name, ITransformer Transformer, IDataView Input)[] cases =
        [
            ("RobustImageClassification", scored.Model, scored.Data),
            ("Saliency", saliency, scores),
            ("AttributionAttack", scored.Context.Transforms.AttributionAttack(new() { Attack = new TopKAttack { K = 10 }, Similarities = [new(new KendallTau())] }).Fit(scores), scores),
            ("RandomPerturbation", scored.Context.Transforms.RandomPerturbation().Fit(scores), scores),
            ("CertifiedSaliency", scored.Context.Transforms.CertifiedSaliency().Fit(scores), scores),
            ("SaliencyLocalization", scored.Context.Transforms.SaliencyLocalization().Fit(maps), maps),
        ];
        foreach ((string name, ITransformer transformer, IDataView input) in cases)
        {
            ITransformer last = scored.Context.Transforms.Conversion.ConvertType("Number", "Id").Fit(transformer.Transform(input));
            foreach (ITransformer pipeline in new[] { transformer, new TransformerChain<ITransformer>(transformer, last) })
            {
                using var file = new MemoryStream();
                NotSupportedException error = Assert.ThrowsExactly<NotSupportedException>(() => scored.Context.Model.ConvertToOnnx(pipeline, input, file), name);
                StringAssert.StartsWith(error.Message, $"{name} cannot be saved as ONNX");
                Assert.AreEqual(0, file.Length, name);
            }
        }
    }

    [TestMethod]
    public void APipelineWithoutOursIsStillExported()
    {
        var context = new MLContext();
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(3));
        using var file = new MemoryStream();
        context.Model.ConvertToOnnx(context.Transforms.Conversion.ConvertType("Number", "Id").Fit(data), data, file);
        Assert.IsGreaterThan(0, file.Length);
    }
}
