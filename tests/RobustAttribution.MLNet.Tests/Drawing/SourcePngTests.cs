using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Drawing;

/// <summary>PNG columns of the size of the user's own image.</summary>
[TestClass]
public sealed class SourcePngTests
{
    private const int Height = 6, Width = 8; // of the network's input
    private static readonly (int Width, int Height)[] Sizes = [(37, 23), (23, 37), (8, 6), (5, 3), (64, 48)];
    private static Scored scored = null!;
    private readonly DataFolder folder = new();

    [ClassInitialize]
    public static void Train(TestContext context) => scored = new Scored(
        images: true,
        change: options => options with { ImageColumnName = "Photo", Input = new InputSpecification(3, Height, Width), Resize = ResizePolicy.Crop });

    [ClassCleanup]
    public static void Dispose() => scored.Dispose();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    public static IEnumerable<object[]> Cases() => Enum.GetValues<ResizePolicy>().SelectMany(_ => new[] { false, true }, (policy, signed) => new object[] { policy, signed });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheMapLiesWhereTheNetworkSawItAndTheRestIsTheImage(ResizePolicy policy, bool signed)
    {
        using PredictionEngine<Photo, Answer> engine = Engine(Options() with { SourceResize = policy, Reduction = new(signed ? MapSign.Signed : MapSign.Absolute) });
        foreach ((int width, int height) in Sizes)
        {
            using MLImage photo = Noise(width, height, seed: width);
            Answer answer = engine.Predict(new Photo { Image = photo });
            using SKBitmap overlay = SKBitmap.Decode(answer.OverlayPng), heatMap = SKBitmap.Decode(answer.HeatMapPng);
            Assert.AreEqual((width, height, width, height), (overlay.Width, overlay.Height, heatMap.Width, heatMap.Height));
            SourceMap map = SourceMap.Of(answer.Saliency, Height, Width, policy, height, width);
            double top = answer.Saliency.Max(value => Math.Abs(value));
            ColorMap colors = answer.Saliency.Min() < 0 ? ColorMap.BlueWhiteRed : ColorMap.Inferno;
            Assert.AreEqual(signed, colors.IsDiverging);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    SKColor plain = Pixel(photo, x, y);
                    (int column, int row) = (x - map.Left, y - map.Top);
                    if (column < 0 || column >= map.Width || row < 0 || row >= map.Height)
                    {
                        Assert.AreEqual((plain, plain), (overlay.GetPixel(x, y), heatMap.GetPixel(x, y)), $"({x}, {y}) is outside of what the network saw");
                        continue;
                    }

                    double part = map.Values.Span[(row * map.Width) + column] / top;
                    (byte red, byte green, byte blue) = colors.At(signed ? (part + 1) / 2 : part);
                    Assert.AreEqual(new SKColor(red, green, blue), heatMap.GetPixel(x, y), $"({x}, {y})");
                    double grey = (0.299 * plain.Red) + (0.587 * plain.Green) + (0.114 * plain.Blue), share = 0.8 * Math.Abs(part);
                    AreNear(red, overlay.GetPixel(x, y).Red);
                    AreNear(green, overlay.GetPixel(x, y).Green);
                    AreNear(blue, overlay.GetPixel(x, y).Blue);

                    void AreNear(byte color, byte found) => Assert.AreEqual((grey * (1 - share)) + (color * share), found, 0.5 + 1e-6, $"({x}, {y})");
                }
            }
        }
    }

    [TestMethod]
    public void TheModelsOwnPolicyIsTheDefault()
    {
        using PredictionEngine<Photo, Answer> own = Engine(Options()), crop = Engine(Options() with { SourceResize = ResizePolicy.Crop });
        using PredictionEngine<Photo, Answer> fill = Engine(Options() with { SourceResize = ResizePolicy.Fill });
        using MLImage photo = Noise(40, 20, seed: 4);
        string expected = Convert.ToBase64String(crop.Predict(new Photo { Image = photo }).OverlayPng);
        Assert.AreEqual(expected, Convert.ToBase64String(own.Predict(new Photo { Image = photo }).OverlayPng));
        Assert.AreNotEqual(expected, Convert.ToBase64String(fill.Predict(new Photo { Image = photo }).OverlayPng));
    }

    [TestMethod]
    public void AnImageOfTheNetworksSizeGivesTheFileThatThereIsWithoutIt()
    {
        using PredictionEngine<Photo, Answer> with = Engine(Options()), without = Engine(Options() with { SourceImageColumnName = null });
        using MLImage photo = Noise(Width, Height, seed: 8);
        (Answer expected, Answer found) = (without.Predict(new Photo { Image = photo }), with.Predict(new Photo { Image = photo }));
        CollectionAssert.AreEqual(expected.OverlayPng, found.OverlayPng);
        CollectionAssert.AreEqual(expected.HeatMapPng, found.HeatMapPng);
    }

    /// <summary>The decoder gives an upright image; the file's pixels lie as the user sees them, not as they are stored.</summary>
    [TestMethod]
    public void ATurnedPhotographIsDrawnUpright()
    {
        using SKBitmap stored = Bitmap(64, 32);
        using SKData encoded = stored.Encode(SKEncodedImageFormat.Jpeg, 95);
        byte[] jpeg = encoded.ToArray();
        byte[] exif = [.. "Exif\0\0"u8, .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        using MLImage photo = ImageDecoder.Decode(folder.Write("a.jpg", [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]]));
        using PredictionEngine<Photo, Answer> engine = Engine(Options());
        using SKBitmap overlay = SKBitmap.Decode(engine.Predict(new Photo { Image = photo }).OverlayPng);
        Assert.AreEqual((32, 64), (overlay.Width, overlay.Height));
        Assert.AreEqual(Pixel(photo, 3, 3), overlay.GetPixel(3, 3)); // the crop keeps rows 20 to 43 of 64
        Assert.IsGreaterThan(200, overlay.GetPixel(16, 3).Red, "the left half, red, is turned to the top");
        Assert.IsGreaterThan(200, overlay.GetPixel(16, 60).Blue, "the right half, blue, to the bottom");
        SKColor seen = overlay.GetPixel(16, 32);
        Assert.AreNotEqual(Pixel(photo, 16, 32), seen);
    }

    /// <summary>In a view the image is read in the row itself while batches are read ahead.</summary>
    [TestMethod]
    public void InAViewEveryRowHasItsOwnImage()
    {
        IDataView view = scored.View; // 11 rows in batches of 4
        byte[][] files = [.. scored.Context.Transforms.Saliency(Options()).Fit(view).Transform(view).GetColumn<byte[]>("OverlayPng")];
        using PredictionEngine<Photo, Answer> engine = Engine(Options());
        int row = 0;
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Photo"]]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(view.Schema["Photo"]);
        MLImage photo = null!;
        for (; cursor.MoveNext(); row++)
        {
            getter(ref photo);
            Assert.AreEqual((8, 8), (photo.Width, photo.Height));
            CollectionAssert.AreEqual(engine.Predict(new Photo { Image = photo }).OverlayPng, files[row], $"row {row}");
        }

        photo.Dispose();
        Assert.HasCount(row, files);
        Assert.HasCount(11, files.Select(Convert.ToBase64String).Distinct().ToArray());
    }

    [TestMethod]
    public void FilesStayAsTheyAreWhileAPoolOfEnginesGoesOn()
    {
        TransformerChain<ITransformer> model = Model(Options());
        MLImage[] photos = [.. Enumerable.Range(0, 24).Select(i => Noise(20 + i, 50 - i, seed: i))];
        string[] expected;
        using (PredictionEngine<Photo, Answer> alone = Engine(Options()))
        {
            expected = [.. photos.Select(photo => Convert.ToBase64String(alone.Predict(new Photo { Image = photo }).OverlayPng))];
        }

        Answer[] answers = new Answer[4 * photos.Length];
        var engines = new ThreadLocal<PredictionEngine<Photo, Answer>>(() => PooledEngine(model), trackAllValues: true);
        Parallel.For(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => answers[i] = engines.Value!.Predict(new Photo { Image = photos[i % photos.Length] }));
        for (int i = 0; i < answers.Length; i++)
        {
            Assert.AreEqual(expected[i % photos.Length], Convert.ToBase64String(answers[i].OverlayPng), $"request {i}");
        }

        Assert.HasCount(photos.Length, expected.Distinct().ToArray());
        engines.Values.ToList().ForEach(engine => engine.Dispose());
        Array.ForEach(photos, photo => photo.Dispose());
    }

    [TestMethod]
    public void TheyAreSavedAndLoaded()
    {
        using var file = new MemoryStream();
        scored.Context.Model.Save(Model(Options() with { SourceResize = ResizePolicy.Pad }), null, file);
        file.Position = 0;
        var other = new MLContext();
        using PredictionEngine<Photo, Answer> loaded = other.Model.CreatePredictionEngine<Photo, Answer>(other.Model.Load(file, out _));
        using PredictionEngine<Photo, Answer> engine = Engine(Options() with { SourceResize = ResizePolicy.Pad });
        using MLImage photo = Noise(51, 29, seed: 2);
        CollectionAssert.AreEqual(engine.Predict(new Photo { Image = photo }).OverlayPng, loaded.Predict(new Photo { Image = photo }).OverlayPng);
        CollectionAssert.AreEqual(engine.Predict(new Photo { Image = photo }).HeatMapPng, loaded.Predict(new Photo { Image = photo }).HeatMapPng);
    }

    /// <summary>Nobody who asks for no file has the image decoded again.</summary>
    [TestMethod]
    public void OnlyAFileReadsTheImageInTheRow()
    {
        IRowToRowMapper mapper = scored.Context.Transforms.Saliency(Options() with { ImageColumnName = "Other", SourceResize = ResizePolicy.Fill })
            .Fit(Renamed()).GetRowToRowMapper(Renamed().Schema);
        string[] Needs(params string[] columns) => [.. mapper.GetDependencies(columns.Select(name => mapper.OutputSchema[name])).Select(column => column.Name)];
        CollectionAssert.AreEquivalent(new[] { "Other" }, Needs("Saliency"));
        CollectionAssert.AreEquivalent(new[] { "Other", "Photo" }, Needs("OverlayPng"));
        CollectionAssert.AreEquivalent(new[] { "Other", "Photo" }, Needs("Saliency", "HeatMapPng"));

        IDataView Renamed() => scored.Context.Transforms.CopyColumns("Other", "Photo").Fit(scored.View).Transform(scored.View);
    }

    [TestMethod]
    public void WhatDoesNotFitIsNamed()
    {
        Fails("SourceImageColumnName is 'Photo', but HeatMapPngColumnName and OverlayPngColumnName are null", () => Fit(new() { SourceImageColumnName = "Photo" }));
        Fails("SourceResize is Pad, but SourceImageColumnName is null", () => Fit(new() { SourceResize = ResizePolicy.Pad }));
        Fails("Source image column 'Image' holds", () => Fit(Options() with { SourceImageColumnName = "Image" }));
        Fails("Could not find column 'Nowhere', the column of source images (MLImage)", () => Fit(Options() with { SourceImageColumnName = "Nowhere" }));
        Fails("SourceImageColumnName and OverlayPngColumnName are both 'Photo'", () => Fit(Options() with { OverlayPngColumnName = "Photo" }));
        Fails("allowed", () => Fit(Options() with { SourceResize = (ResizePolicy)9 }));
        using var ofVectors = new Scored(images: true);
        Fails(
            "SourceResize is null, and the model reads vectors: how did the images of column 'Photo' become the network's size?",
            () => ofVectors.Context.Transforms.Saliency(Options()).Fit(ofVectors.View));
        IDataView drawn = ofVectors.Context.Transforms.Saliency(Options() with { SourceResize = ResizePolicy.Fill }).Fit(ofVectors.View).Transform(ofVectors.View);
        Assert.AreEqual(11, drawn.GetColumn<byte[]>("OverlayPng").Distinct().Count());

        void Fit(SaliencyEstimator.Options options) => scored.Context.Transforms.Saliency(options).Fit(scored.View);

        static void Fails(string message, Action action) => StringAssert.Contains(Assert.Throws<ArgumentException>(action).Message, message);
    }

    [TestMethod]
    public void AnImageThatCannotBeReadIsNamedWithItsFile()
    {
        folder.Write("whole.png", PngFile.Plain(12, 9));
        folder.Write("broken.png", [1, 2, 3]);
        MLContext context = scored.Context;
        IDataView files = context.Data.LoadFromEnumerable(new[] { ("whole.png", "whole.png"), ("whole.png", "broken.png") }
            .Select(pair => new Files { Path = folder.Of(pair.Item1), Source = folder.Of(pair.Item2) }));
        IDataView images = context.Transforms.LoadImages("Photo", null, "Path").Append(context.Transforms.LoadImages("Original", null, "Source")).Fit(files).Transform(files);
        IDataView view = scored.Model.Transform(images);
        IDataView drawn = context.Transforms.Saliency(Options() with { SourceImageColumnName = "Original" }).Fit(view).Transform(view);
        Assert.AreEqual(2, drawn.GetColumn<float[]>("Saliency").Count());
        BrokenImageException error = Assert.Throws<BrokenImageException>(() => drawn.GetColumn<byte[]>("OverlayPng").ToArray());
        StringAssert.Contains(error.Message, "Image column 'Original', row 1:");
        StringAssert.Contains(error.Message, "broken.png");
    }

    private static SaliencyEstimator.Options Options() => new()
    {
        HeatMapPngColumnName = "HeatMapPng", OverlayPngColumnName = "OverlayPng", SourceImageColumnName = "Photo",
    };

    private static TransformerChain<ITransformer> Model(SaliencyEstimator.Options options)
        => new(scored.Model, scored.Context.Transforms.Saliency(options).Fit(scored.View));

    private static PredictionEngine<Photo, Answer> Engine(SaliencyEstimator.Options options) => PooledEngine(Model(options));

    private static PredictionEngine<Photo, Answer> PooledEngine(ITransformer model)
        => scored.Context.Model.CreatePredictionEngine<Photo, Answer>(model, new PredictionEngineOptions { OwnsTransformer = false });

    private static MLImage Noise(int width, int height, int seed)
    {
        byte[] bytes = new byte[4 * width * height];
        new Random(seed).NextBytes(bytes);
        return MLImage.CreateFromPixels(width, height, seed % 2 == 0 ? MLPixelFormat.Bgra32 : MLPixelFormat.Rgba32, bytes);
    }

    /// <summary>Red on the left, blue on the right.</summary>
    private static SKBitmap Bitmap(int width, int height)
    {
        var bitmap = new SKBitmap(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque);
        bitmap.Erase(SKColors.Red);
        bitmap.Erase(SKColors.Blue, new SKRectI(width / 2, 0, width, height));
        return bitmap;
    }

    private static SKColor Pixel(MLImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.Slice(4 * ((y * image.Width) + x), 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? new SKColor(pixel[2], pixel[1], pixel[0]) : new SKColor(pixel[0], pixel[1], pixel[2]);
    }

    private sealed class Photo
    {
        [ColumnName("Photo"), ImageType(1, 1)] // ML.NET wants numbers, and holds no image to them
        public MLImage? Image { get; set; }
    }

    private sealed class Answer
    {
        public float[] Saliency { get; set; } = [];

        public byte[] HeatMapPng { get; set; } = [];

        public byte[] OverlayPng { get; set; } = [];
    }

    private sealed class Files
    {
        public string Path { get; set; } = string.Empty;

        public string Source { get; set; } = string.Empty;
    }
}
