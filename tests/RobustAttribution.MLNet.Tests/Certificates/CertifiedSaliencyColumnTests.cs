using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.MLNet.Drawing;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Reporting;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Certificates;

/// <summary>The columns of <c>CertifiedSaliency</c> against the tensor project's certificates.</summary>
[TestClass]
public sealed class CertifiedSaliencyColumnTests
{
    private static readonly CertifiedSaliencyEstimator.Options Options = new()
    {
        Sigma = 0.1, Samples = 60, Seed = 5, DrawingColumnName = "Drawing", DrawingPngColumnName = "Png",
    };

    [TestMethod]
    public void TheColumnsAreTheCertificatesOfTheNetwork()
    {
        using var scored = new Scored();
        IDataView view = scored.Context.Transforms.CertifiedSaliency(Options).Fit(scored.View).Transform(scored.View);
        float[][] labels = [.. view.GetColumn<float[]>("Certificate")];
        float[] shares = [.. view.GetColumn<float>("CertifiedShare")];
        byte[][] files = [.. view.GetColumn<byte[]>("Png")];
        NetworkHandle handle = NetworkHandle.Find(scored.View.Schema, "Score", "the test");
        using IDisposable scope = NewDisposeScope();
        float[][] pixels = [.. scored.Data.GetColumn<float[]>("Image")];
        Tensor images = tensor(pixels.SelectMany(image => image).ToArray()).reshape(-1, 1, 8, 8) / 255.0;
        var certify = new CertifiedSaliency { Sigma = 0.1, Samples = 60, Seed = 5 };
        using CertifiedMaps expected = certify.Certify(handle.Network, images);
        CollectionAssert.AreEqual(expected.Labels.to(ScalarType.Float32).data<float>().ToArray(), labels.SelectMany(label => label).ToArray());
        CollectionAssert.AreEqual(expected.CertifiedShares().to(ScalarType.Float32).data<float>().ToArray(), shares);
        Assert.HasCount(3, labels.SelectMany(label => label).Distinct().ToArray(), "important, unimportant and neither");

        float radius = 0;
        view.Schema["Certificate"].Annotations.GetValue("CertifiedRadius", ref radius);
        Assert.AreEqual((float)certify.Radius, radius);
        CollectionAssert.AreEqual(new[] { 8, 8 }, ((VectorDataViewType)view.Schema["Certificate"].Type).Dimensions.ToArray());
        using MLImage drawn = MLImage.CreateFromStream(new MemoryStream(files[3]));
        ReadOnlySpan<byte> colors = drawn.Pixels; // BGRA
        for (int i = 0; i < 64; i++)
        {
            byte[] color = labels[3][i] switch { 1 => [0x7a, 0xe3, 0x4b, 255], -1 => [0, 0, 0, 255], _ => [128, 128, 128, 255] };
            CollectionAssert.AreEqual(color, colors.Slice(4 * i, 4).ToArray(), $"pixel {i}, {labels[3][i]}");
        }
    }

    [TestMethod]
    public void TheClassMayBeGivenAndWithoutItThereIsNoCertificate()
    {
        using var scored = new Scored();
        List<TestImage> images = TestImage.Make(5);
        images[2].Label = "unknown"; // a missing key
        IDataView data = scored.Chain.Transform(scored.Context.Data.LoadFromEnumerable(images));
        CertifiedSaliencyEstimator.Options options = Options with { ShareColumnName = "Share" };
        IDataView byLabel = scored.Context.Transforms.CertifiedSaliency(options with { Target = SaliencyTarget.Label() }).Fit(data).Transform(data);
        float[][] labels = [.. byLabel.GetColumn<float[]>("Certificate")];
        Assert.IsTrue(labels[2].All(float.IsNaN));
        Assert.IsTrue(float.IsNaN(byLabel.GetColumn<float>("Share").ElementAt(2)));
        Assert.IsFalse(labels[3].Any(float.IsNaN));
        uint known = data.GetColumn<uint>("Label").ElementAt(3);
        IDataView byIndex = scored.Context.Transforms.CertifiedSaliency(options with { Target = SaliencyTarget.Class((int)known - 1) }).Fit(data).Transform(data);
        CollectionAssert.AreEqual(labels[3], byIndex.GetColumn<float[]>("Certificate").ElementAt(3));
        using MLImage drawn = MLImage.CreateFromStream(new MemoryStream(byLabel.GetColumn<byte[]>("Png").ElementAt(2)));
        Assert.IsTrue(drawn.Pixels.ToArray().Chunk(4).All(pixel => pixel is [128, 128, 128, 255]));
    }

    [TestMethod]
    public void WhatCannotBeCertifiedIsRefusedEarlyAndByName()
    {
        using var scored = new Scored();
        TransformsCatalog transforms = scored.Context.Transforms;
        Refuses<ArgumentException>(() => transforms.CertifiedSaliency(new() { Target = SaliencyTarget.Top(2) }), "Target asks for the 2 most probable classes");
        Refuses<ArgumentOutOfRangeException>(() => transforms.CertifiedSaliency(new() { Sigma = 0 }), "Sigma is 0");
        Refuses<ArgumentOutOfRangeException>(() => transforms.CertifiedSaliency(new() { Tau = 0.3 }), "Tau is 0.3");
        Refuses<ArgumentOutOfRangeException>(() => transforms.CertifiedSaliency(new() { TopShare = 0 }), "TopShare is 0");
        Refuses<ArgumentOutOfRangeException>(() => transforms.CertifiedSaliency(new() { Alpha = 1 }), "Alpha is 1");
        Refuses<ArgumentException>(() => transforms.CertifiedSaliency(new() { Samples = 10 }).Fit(scored.View), "Samples is 10, with which no pixel of 8×8");
        Refuses<ArgumentException>(() => transforms.CertifiedSaliency(new() { Target = SaliencyTarget.Class(7) }).Fit(scored.View), "index 7");

        static void Refuses<T>(Action act, string text)
            where T : Exception
            => StringAssert.Contains(Assert.ThrowsExactly<T>(act).Message, text);
    }

    [TestMethod]
    [DataRow("\"sigma\":0.1", "\"sigma\":-1", "Sigma is -1")]
    [DataRow("\"samples\":60", "\"samples\":2000000000", "Samples is 2000000000")]
    [DataRow("\"tau\":0.75", "\"tau\":1.5", "Tau is 1.5")]
    [DataRow("\"topShare\":0.25", "\"topShare\":2", "TopShare is 2")]
    [DataRow("\"alpha\":0.001", "\"alpha\":0", "Alpha is 0")]
    public void ACardOutsideOfTheBoundsIsRefused(string written, string changed, string text)
    {
        string card = ComponentJson.Write(Options);
        Assert.AreEqual(Options.Certification, ComponentJson.Read<CertifiedSaliencyEstimator.Options>(card).Certification);
        StringAssert.Contains(card, written);
        Exception error = Assert.Throws<Exception>(() => ComponentJson.Read<CertifiedSaliencyEstimator.Options>(card.Replace(written, changed, StringComparison.Ordinal)));
        StringAssert.Contains(error.ToString(), text);
    }

    [TestMethod]
    [DataRow(ColorVision.Normal)]
    [DataRow(ColorVision.Deuteranopia)]
    [DataRow(ColorVision.Protanopia)]
    [DataRow(ColorVision.Tritanopia)]
    [DataRow(ColorVision.Greyscale)]
    public void ItsColoursStayApart(string vision)
    {
        byte[] colors = DrawnImage.OfCertificate([1, 0, -1], 1, 3).ToImage().Pixels.ToArray();
        (double, double, double)[] seen = [.. colors.Chunk(4).Select(pixel => ColorVision.Seen(vision, (pixel[2], pixel[1], pixel[0])))];
        Assert.IsGreaterThan(25, ColorVision.Distance(seen[0], seen[1]));
        Assert.IsGreaterThan(25, ColorVision.Distance(seen[1], seen[2]));
    }
}
