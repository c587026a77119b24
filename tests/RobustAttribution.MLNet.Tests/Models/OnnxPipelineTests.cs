using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>A trained pipeline as one ONNX file, and that file in a pipeline without this library.</summary>
[TestClass]
public sealed class OnnxPipelineTests
{
    [TestMethod]
    public void AnotherPipelineScoresAndExplainsWithTheFile()
    {
        using var scored = new Scored(images: true);
        MLContext context = scored.Context;
        ITransformer chain = new TransformerChain<ITransformer>(
            scored.Chain, Saliency(new()), Saliency(new() { OutputColumnName = "Cam", Method = new GradCam { Layer = "inner.relu4" }, Reduction = new(MapSign.Signed) }));
        using var folder = new DataFolder();
        string path = Path.Combine(folder.Path, "model.onnx"), zip = Path.Combine(folder.Path, "model.zip");
        using (FileStream file = File.Create(path))
        {
            context.Model.ConvertToOnnx(chain, file);
        }

        var fresh = new MLContext();
        ITransformer applied = fresh.Transforms.ExtractPixels("Pixels", "Photo", ImagePixelExtractingEstimator.ColorBits.Red, scaleImage: 1 / 255f)
            .Append(fresh.Transforms.CopyColumns("Image", "Pixels"))
            .Append(fresh.Transforms.ApplyOnnxModel(["Score", "Probability", "PredictedIndex", "Saliency", "Cam"], ["Image"], path)).Fit(scored.Data);
        fresh.Model.Save(applied, scored.Data.Schema, zip);
        ITransformer loaded = fresh.Model.Load(zip, out _);
        List<Answer> expected = Rows(chain.Transform(scored.Raw), "Score"), found = Rows(loaded.Transform(scored.Data), "Probability");
        Assert.HasCount(expected.Count, found);
        foreach ((Answer ours, Answer theirs) in expected.Zip(found))
        {
            AreClose(ours.Score, theirs.Score);
            AreClose(ours.Saliency, theirs.Saliency);
            AreClose(ours.Cam, theirs.Cam);
        }

        SaliencyTransformer Saliency(SaliencyEstimator.Options options) => context.Transforms.Saliency(options).Fit(scored.View);
    }

    [TestMethod]
    public void TheFileNamesTheClassesAndHowImagesAreResized()
    {
        using var scored = new Scored(change: options => options with { Resize = ResizePolicy.Pad });
        using InferenceSession session = Convert(scored, scored.Model);
        Dictionary<string, string> metadata = session.ModelMetadata.CustomMetadataMap;
        CollectionAssert.AreEqual(scored.Model.ClassNames!.ToArray(), JsonSerializer.Deserialize<string[]>(metadata["ClassNames"]));
        Assert.AreEqual("Pad", metadata["Resize"]);
        CollectionAssert.AreEquivalent(new[] { "Score", "Probability", "PredictedIndex", "Saliency" }, session.OutputNames.ToArray(), "a model without maps gets the gradient's");
        using InferenceSession listed = Convert(scored, scored.Chain, new() { Maps = new Dictionary<string, SaliencyMap> { ["Path"] = new(new IntegratedGradients { Steps = 4 }) } });
        CollectionAssert.AreEquivalent(new[] { "Score", "Probability", "PredictedIndex", "Path" }, listed.OutputNames.ToArray());
    }

    [TestMethod]
    public void WhatIsNotInTheFileIsNamed()
    {
        using var scored = new Scored();
        TransformsCatalog transforms = scored.Context.Transforms;
        Refuses("0 transforms of RobustImageClassification", transforms.CopyColumns("B", "Id").Fit(scored.Data));
        Refuses("2 transforms of RobustImageClassification", new TransformerChain<ITransformer>(scored.Model, scored.Model));
        Refuses("Saliency column 'Saliency' cannot be saved as ONNX: Target", Explained(new() { Target = SaliencyTarget.Class(1) }));
        Refuses("Activation is ReLU; allowed is null", Explained(new() { Activation = Activation.Relu }));
        Refuses("Map 'Saliency' is SmoothGrad", Explained(new() { Method = new SmoothGrad() }));

        ITransformer Explained(SaliencyEstimator.Options options)
            => new TransformerChain<ITransformer>(scored.Model, transforms.Saliency(options).Fit(scored.View));

        void Refuses(string what, ITransformer model)
        {
            using var file = new MemoryStream();
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => scored.Context.Model.ConvertToOnnx(model, file)).Message, what);
            Assert.AreEqual(0, file.Length);
        }
    }

    private static InferenceSession Convert(Scored scored, ITransformer model, OnnxExportOptions? options = null)
    {
        using var file = new MemoryStream();
        scored.Context.Model.ConvertToOnnx(model, file, options);
        return new InferenceSession(file.ToArray());
    }

    private static List<Answer> Rows(IDataView view, string probabilities)
    {
        var context = new MLContext();
        IDataView named = context.Transforms.CopyColumns("Shown", probabilities).Fit(view).Transform(view);
        return [.. context.Data.CreateEnumerable<Answer>(named, reuseRowObject: false, ignoreMissingColumns: false)];
    }

    private static void AreClose(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        float largest = expected.Max(Math.Abs);
        foreach ((float ours, float theirs) in expected.Zip(found))
        {
            Assert.AreEqual(ours, theirs, 1e-4 * largest);
        }
    }

    private sealed class Answer
    {
        [ColumnName("Shown")]
        public float[] Score { get; set; } = [];

        public float[] Saliency { get; set; } = [];

        public float[] Cam { get; set; } = [];
    }
}
