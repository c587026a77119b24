using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Localization;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Localization;

/// <summary>SaliencyLocalization and EvaluateLocalization on maps made here.</summary>
[TestClass]
public sealed class LocalizationTests
{
    private readonly MLContext context = new(seed: 1);

    [TestMethod]
    public void BoxesAreInThePixelsOfTheImages()
    {
        IDataView data = Load(new MapRow { Saliency = Square(1, 2, 3, 4) });
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f, 4f }, Box(data, new() { ImageColumnName = null, Smooth = false }));
        CollectionAssert.AreEqual(new[] { 2f, 6f, 6f, 12f }, Box(data, new() { Smooth = false }), "images of 12×8");
        CollectionAssert.AreEqual(
            new[] { 1f, 2f, 3f, 4f, 0f, 0f, 4f, 4f },
            Box(data, new() { ImageColumnName = null, Smooth = false, Thresholds = [0.5, 0] }), "one box for each threshold");
        CollectionAssert.AreEqual(new[] { 0f, 1f, 4f, 4f }, Box(data, new() { ImageColumnName = null, Thresholds = [0.01] }), "a 3×3 mean spreads");
        Assert.IsTrue(Box(Load(new MapRow { Saliency = new float[16] }), new()).All(float.IsNaN));
    }

    [TestMethod]
    [DataRow(ResizePolicy.Fill, 6f, 4f, 18f, 12f)]
    [DataRow(ResizePolicy.Crop, 8f, 4f, 16f, 12f)]
    [DataRow(ResizePolicy.Pad, 6f, 2f, 18f, 14f)]
    [DataRow(ResizePolicy.CenterCrop, 8.5f, 4.5f, 15.5f, 11.5f)]
    public void BoxesGoBackThroughTheResizing(ResizePolicy policy, float left, float top, float right, float bottom)
    {
        // A map of 4×4 of an image of 24×16: cells 1 to 2 of both directions.
        IDataView data = Load(new MapRow { Saliency = Square(1, 1, 3, 3) });
        IDataView images = context.Transforms.ConvertToImage(16, 24, "Photo", "Flat", interleavedColors: true).Fit(data).Transform(data);
        float[] box = Box(images, new() { ImageColumnName = "Photo", Resize = policy, Smooth = false });
        CollectionAssert.AreEqual(new[] { left, top, right, bottom }, box);
    }

    [TestMethod]
    [DataRow(ResizePolicy.Fill)]
    [DataRow(ResizePolicy.Crop)]
    [DataRow(ResizePolicy.Pad)]
    [DataRow(ResizePolicy.CenterCrop)]
    public void BoxesGoBackThroughTheModelsResizing(ResizePolicy policy)
    {
        using var scored = new Scored(images: true, change: options => options with { ImageColumnName = "Photo", Input = new InputSpecification(3, 6, 8), Resize = policy });
        MLContext other = scored.Context;
        IDataView maps = other.Transforms.Saliency()
            .Append(other.Transforms.CopyColumns("Copy", "Saliency"))
            .Append(other.Transforms.Saliency(new SaliencyEstimator.Options { SeenImageColumnName = "Seen", OutputColumnName = "Other" }))
            .Append(other.Transforms.Saliency(new SaliencyEstimator.Options { ImageColumnName = "Seen", OutputColumnName = "OfSeen" }))
            .Fit(scored.View).Transform(scored.View);
        foreach (string map in new[] { "Saliency", "Copy", "OfSeen" })
        {
            float[][] Boxes(ResizePolicy? resize) => [.. Rows.Read(
                other.Transforms.SaliencyLocalization(new() { MapColumnName = map, ImageColumnName = "Photo", Resize = resize, Thresholds = [0.9], Smooth = false }).Fit(maps).Transform(maps), ["PredictedBox"])
                .Select(row => (float[])row.Values["PredictedBox"])];
            float[] found = [.. Boxes(null).SelectMany(box => box)];
            foreach (ResizePolicy explicitly in Enum.GetValues<ResizePolicy>())
            {
                Assert.AreEqual(explicitly == policy, found.SequenceEqual(Boxes(explicitly).SelectMany(box => box)), $"{map}: {explicitly}");
            }
        }
    }

    [TestMethod]
    public void MapsWithoutAModelsPolicyNeedResize()
    {
        IDataView data = Load(new MapRow { Saliency = Square(1, 1, 3, 3) });
        IDataView images = context.Transforms.ConvertToImage(16, 24, "Photo", "Flat", interleavedColors: true).Fit(data).Transform(data);
        var error = Assert.ThrowsExactly<ArgumentException>(() => Box(images, new() { ImageColumnName = "Photo" }));
        StringAssert.Contains(error.Message, "Resize is null, and map column 'Saliency' carries no policy");
        StringAssert.Contains(error.Message, "column 'Photo'");
        StringAssert.Contains(error.Message, "Fill, Crop, Pad, CenterCrop");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SaliencyLocalizationEstimator.Options { Resize = (ResizePolicy)9 });
    }

    [TestMethod]
    [DataRow(ResizePolicy.Fill)]
    [DataRow(ResizePolicy.Crop)]
    [DataRow(ResizePolicy.Pad)]
    [DataRow(ResizePolicy.CenterCrop)]
    public void TheGeometryIsThatOfTheResampler(ResizePolicy policy)
    {
        const int Width = 48;
        const int Height = 24;
        var box = new BoundingBox(20, 8, 32, 20);
        byte[] pixels = new byte[4 * Width * Height];
        for (int y = (int)box.Top; y < box.Bottom; y++)
        {
            pixels.AsSpan(4 * ((y * Width) + (int)box.Left), 4 * (int)box.Width).Fill(255);
        }

        float[] resized = new float[30 * 30];
        new PixelResampler(1, 30, 30, policy).Resample(pixels, Width, Height, true, resized);
        int[] lit = [.. Enumerable.Range(0, 900).Where(i => resized[i] > 0.5)];
        BoundingBox expected = new(lit.Min(i => i % 30), lit.Min(i => i / 30), lit.Max(i => i % 30) + 1, lit.Max(i => i / 30) + 1);
        var geometry = new ResizeGeometry(policy, Width, Height, 30, 30);
        BoundingBox found = geometry.ToSource(expected);
        foreach ((double a, double b, double scale) in new[]
        {
            (box.Left, found.Left, geometry.ScaleX), (box.Top, found.Top, geometry.ScaleY), (box.Right, found.Right, geometry.ScaleX), (box.Bottom, found.Bottom, geometry.ScaleY),
        })
        {
            Assert.AreEqual(a, b, 0.51 / scale);
        }
    }

    [TestMethod]
    public void MetricsAreThoseCountedByHand()
    {
        // Objects count keys from 0, a key out of range is missing. Boxes of the map at thresholds 0.1 and 0.6; the true box is [0, 0, 2, 2] in cells.
        float[] tight = Square(0, 0, 2, 2);
        float[] loose = Square(0, 0, 4, 4);
        loose[0] = loose[1] = loose[4] = loose[5] = 9; // 1 elsewhere: at 0.6 the box is tight
        float[] wrong = Square(2, 2, 4, 4);
        IDataView data = Load(
            new MapRow { Saliency = tight, Label = 0, PredictedLabel = 0 },
            new MapRow { Saliency = loose, Label = 1, PredictedLabel = 1 },
            new MapRow { Saliency = tight, Label = 1, PredictedLabel = 0 },
            new MapRow { Saliency = wrong, Label = 0, PredictedLabel = 0 },
            new MapRow { Saliency = tight, Label = 9, PredictedLabel = 0 });
        LocalizationMetrics metrics = context.MulticlassClassification.EvaluateLocalization(Located(data, 0.1, 0.6));
        Assert.AreEqual(4, metrics.RowCount);
        Assert.AreEqual(1, metrics.LeftOutCount);
        Assert.AreEqual(0.25, metrics.Top1Error, 1e-12);
        Assert.AreEqual(0.1, metrics.Threshold, 1e-12);
        Assert.IsNull(metrics.BestThreshold);
        Assert.AreEqual(new LocalizationPoint(0.1, 0.25, 0.5, (1 + 0.25 + 1 + 0) / 4), metrics.Curve[0]);
        Assert.AreEqual(new LocalizationPoint(0.6, 0.5, 0.75, 0.75), metrics.Curve[1]);
        Assert.AreEqual(metrics.Curve[0].Top1Localization, metrics.Top1Localization);
        StringAssert.Contains(metrics.ToString(), "0.600      0.5000    0.7500    0.7500");
        Assert.AreEqual(ConfidenceInterval.OfShare(2, 4), metrics.Intervals[1].Top1Localization);
        Assert.AreEqual(ConfidenceInterval.OfShare(3, 4), metrics.Intervals[1].KnownClassLocalization);
        Assert.AreEqual(Bootstrap.OfMean([1, 1, 1, 0]), metrics.Intervals[1].MeanOverlap);
        StringAssert.Contains(metrics.ToString(), metrics.Intervals[0].MeanOverlap.ToString());
        StringAssert.Contains(metrics.ToJson(), "\"top1Error\":0.25");

        LocalizationMetrics generous = context.MulticlassClassification.EvaluateLocalization(Located(data, 0.1, 0.6), new LocalizationColumns { MinimumOverlap = 0.25 });
        Assert.AreEqual(0.5, generous.Top1Localization, 1e-12);
    }

    [TestMethod]
    public void TheBestThresholdIsChosenOnTheValidationRowsOnly()
    {
        float[] loose = Square(0, 0, 4, 4);
        loose[0] = loose[1] = loose[4] = loose[5] = 9;
        float[] spread = Square(0, 0, 2, 2);
        spread[0] = 9; // at 0.6 a single cell
        IDataView test = Located(Load(new MapRow { Saliency = loose, Label = 1, PredictedLabel = 1 }), 0.1, 0.6);
        IDataView validation = Located(Load(new MapRow { Saliency = spread, Label = 1, PredictedLabel = 1 }), 0.1, 0.6);
        LocalizationMetrics metrics = context.MulticlassClassification.EvaluateLocalization(test, validationData: validation);
        Assert.AreEqual(0.1, metrics.BestThreshold!.Value, 1e-12, "0.6 would be better on the rows judged");
        Assert.AreEqual(0, metrics.Top1Localization);
        Assert.AreEqual(0.6, context.MulticlassClassification.EvaluateLocalization(validation, validationData: test).BestThreshold!.Value, 1e-12);
        var other = Assert.Throws<ArgumentException>(() => context.MulticlassClassification.EvaluateLocalization(test, validationData: Located(Load(new MapRow { Label = 1 }), 0.2)));
        StringAssert.Contains(other.Message, "thresholds");
        Assert.Throws<ArgumentException>(() => context.MulticlassClassification.EvaluateLocalization(test, validationData: context.Data.SkipRows(validation, 1)));
    }

    [TestMethod]
    public void KnownClassesMayHaveMapsOfTheirOwn()
    {
        IDataView data = Located(Load(new MapRow { Saliency = Square(2, 2, 4, 4), Other = Square(0, 0, 2, 2), Label = 1, PredictedLabel = 1 }), 0.5);
        IDataView both = context.Transforms.SaliencyLocalization("KnownBox", "Other", null, 0.5).Fit(data).Transform(data);
        LocalizationMetrics metrics = context.MulticlassClassification.EvaluateLocalization(both, new LocalizationColumns { KnownClassBoxColumnName = "KnownBox" });
        Assert.AreEqual(0, metrics.Top1Localization);
        Assert.AreEqual(1, metrics.KnownClassLocalization);
    }

    [TestMethod]
    public void NoRowsGiveUndefinedNumbersAndWrongColumnsAreNamed()
    {
        IDataView data = Load(new MapRow { Label = 1, PredictedLabel = 1 });
        LocalizationMetrics none = context.MulticlassClassification.EvaluateLocalization(context.Data.SkipRows(Located(data, 0.5), 1));
        Assert.IsTrue(double.IsNaN(none.Top1Error));
        StringAssert.Contains(none.ToJson(), "\"top1Error\":null");
        StringAssert.Contains(Assert.Throws<Exception>(() => context.MulticlassClassification.EvaluateLocalization(data)).Message, "'PredictedBox'");
        StringAssert.Contains(Assert.Throws<Exception>(() => context.MulticlassClassification.EvaluateLocalization(data, new LocalizationColumns { PredictedBoxColumnName = "Box" })).Message, "SaliencyLocalization");
        StringAssert.Contains(Assert.Throws<Exception>(() => context.Transforms.SaliencyLocalization(mapColumnName: "Box").Fit(data)).Message, "'Box'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SaliencyLocalizationEstimator.Options { Thresholds = [] }).Message, "Thresholds.Count is 0");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SaliencyLocalizationEstimator.Options { Thresholds = [2] }).Message, "Thresholds is 2");
    }

    /// <summary>A map of 4×4 that is 1 in a box and 0 elsewhere.</summary>
    private static float[] Square(int left, int top, int right, int bottom)
        => [.. Enumerable.Range(0, 16).Select(i => i % 4 >= left && i % 4 < right && i / 4 >= top && i / 4 < bottom ? 1f : 0f)];

    private IDataView Load(params MapRow[] rows)
    {
        var schema = SchemaDefinition.Create(typeof(MapRow));
        foreach (string key in new[] { "Label", "PredictedLabel" })
        {
            schema[key].ColumnType = new KeyDataViewType(typeof(uint), 2);
        }

        return context.Data.LoadFromEnumerable(rows, schema);
    }

    private IDataView Located(IDataView data, params double[] thresholds)
        => context.Transforms.SaliencyLocalization(new SaliencyLocalizationEstimator.Options { ImageColumnName = null, Smooth = false, Thresholds = thresholds }).Fit(data).Transform(data);

    private float[] Box(IDataView data, SaliencyLocalizationEstimator.Options options)
        => (float[])Rows.Read(context.Transforms.SaliencyLocalization(options).Fit(data).Transform(data), ["PredictedBox"]).Single().Values["PredictedBox"];

    internal sealed class MapRow
    {
        [VectorType(4, 4)]
        public float[] Saliency { get; set; } = new float[16];

        [VectorType(4, 4)]
        public float[] Other { get; set; } = new float[16];

        [VectorType(1, 12, 8)]
        public float[] Image { get; set; } = new float[96];

        [VectorType(24 * 16 * 3)]
        public byte[] Flat { get; set; } = new byte[24 * 16 * 3];

        [VectorType(4)]
        public float[] Box { get; set; } = [0, 0, 2, 2];

        public uint Label { get; set; }

        public uint PredictedLabel { get; set; }
    }
}
