using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Docs;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Drawing;

/// <summary>The columns of heat maps and overlays as PNG files, whose bytes are the caller's own.</summary>
[TestClass]
public sealed class PngColumnTests
{
    private static readonly SaliencyEstimator.Options Options = new()
    {
        HeatMapColumnName = "HeatMap", OverlayColumnName = "Overlay", HeatMapPngColumnName = "HeatMapPng", OverlayPngColumnName = "OverlayPng",
    };

    [TestMethod]
    public void TheFilesShowWhatTheImagesDo()
    {
        using var scored = new Scored();
        IDataView view = scored.Context.Transforms.Saliency(Options).Fit(scored.View).Transform(scored.View);
        foreach (string name in new[] { "HeatMap", "Overlay" })
        {
            byte[][] files = [.. view.GetColumn<byte[]>($"{name}Png")];
            int row = 0;
            using DataViewRowCursor cursor = view.GetRowCursor([view.Schema[name]]);
            ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(view.Schema[name]);
            MLImage image = null!;
            for (; cursor.MoveNext(); row++)
            {
                getter(ref image);
                using MLImage read = MLImage.CreateFromStream(new MemoryStream(files[row]));
                CollectionAssert.AreEqual(image.Pixels.ToArray(), read.Pixels.ToArray(), $"{name}, row {row}");
            }

            Assert.HasCount(row, files);
            Assert.AreEqual(11, row);
            Assert.IsGreaterThan(1, files.Select(Convert.ToBase64String).Distinct().Count());
            image.Dispose();
        }
    }

    [TestMethod]
    public void TheyAreSavedAndLoaded()
    {
        using var scored = new Scored();
        SaliencyTransformer saliency = scored.Context.Transforms.Saliency(Options).Fit(scored.View);
        using var file = new MemoryStream();
        scored.Context.Model.Save(saliency, scored.View.Schema, file);
        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out _);
        byte[][] expected = [.. saliency.Transform(scored.View).GetColumn<byte[]>("OverlayPng")];
        byte[][] found = [.. loaded.Transform(scored.View).GetColumn<byte[]>("OverlayPng")];
        CollectionAssert.AreEqual(expected.Select(Convert.ToBase64String).ToArray(), found.Select(Convert.ToBase64String).ToArray());
    }

    [TestMethod]
    public void APooledEnginesNextRequestLeavesAnAnswerAsItWas()
    {
        using var scored = new Scored();
        var model = new TransformerChain<ITransformer>(scored.Chain, scored.Context.Transforms.Saliency(Options).Fit(scored.View));
        List<TestImage> images = TestImage.Make(6, seed: 9);
        var service = new PipelineSnippets.Service<TestImage>(scored.Context, model);
        byte[][] answers = [.. images.Select(service.Overlay)];
        string[] kept = [.. answers.Select(Convert.ToBase64String)];

        byte[][] again = [.. images.AsParallel().AsOrdered().Select(service.Overlay)];

        CollectionAssert.AreEqual(kept, answers.Select(Convert.ToBase64String).ToArray());
        CollectionAssert.AreEqual(kept, again.Select(Convert.ToBase64String).ToArray());
        Assert.HasCount(6, kept.Distinct().ToArray());
        Assert.AreEqual(6, scored.Model.Transform(scored.Data).GetColumn<float[]>("Score").Take(6).Count(), "the engines left the model alone");
    }
}
