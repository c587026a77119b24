using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Columns;

/// <summary>Images as files and MLImages, from training to PredictionEngine.</summary>
[TestClass]
public sealed class ImageColumnTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("image-tests").FullName;
    private readonly MLContext context = new(1);

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void AFolderOfImagesFromTrainingToPrediction()
    {
        List<Row> rows = WriteFiles(18);
        IDataView data = context.Data.LoadFromEnumerable(rows);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", folder, "Path"))
            .Append(context.MulticlassClassification.Trainers.RobustImageClassification(Options()))
            .Append(context.Transforms.Saliency())
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        using var model = (TransformerChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer>)pipeline.Fit(data);

        List<Rows.Row> batched = Rows.Read(model.Transform(data), ["Score", "PredictedLabel", "Saliency"]);
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, data.Schema, path);
        ITransformer loaded = new MLContext().Model.Load(path, out _);
        using PredictionEngine<Row, Prediction> engine = context.Model.CreatePredictionEngine<Row, Prediction>(loaded);
        for (int i = 0; i < rows.Count; i++)
        {
            Prediction prediction = engine.Predict(rows[i]);
            Rows.AreEqual(
                batched[i].Values,
                new Dictionary<string, object> { ["Score"] = prediction.Score, ["PredictedLabel"] = prediction.PredictedLabel, ["Saliency"] = prediction.Saliency },
                1e-4,
                $"row {i}");
        }

        Assert.IsGreaterThan(0.8, context.MulticlassClassification.Evaluate(model.Transform(data), predictedLabelColumnName: "Label").MicroAccuracy);
    }

    [TestMethod]
    public void ABrokenFileIsNamed()
    {
        List<Row> rows = WriteFiles(6);
        File.WriteAllText(Path.Combine(folder, rows[4].Path), "not an image");
        IDataView data = context.Data.LoadFromEnumerable(rows);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", folder, "Path"))
            .Append(context.Transforms.RobustImageClassification(Options()));
        var error = Assert.ThrowsExactly<BrokenImageException>(() => pipeline.Fit(data));
        StringAssert.Contains(error.Message, "row 4");
        StringAssert.Contains(error.Message, "'Image'");
        StringAssert.Contains(error.Message, $"In that row Path is '{rows[4].Path}'.");

        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        RobustAttributionImageClassificationTrainer.Options lenient = Options() with { BrokenRows = BrokenRows.Skip, Epochs = 1 };
        using TransformerChain<RobustAttributionModelTransformer> model = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", folder, "Path"))
            .Append(context.Transforms.RobustImageClassification(lenient)).Fit(data);
        Assert.IsTrue(messages.Exists(message => message.Contains("1 rows of the training set were left out", StringComparison.Ordinal) && message.Contains(rows[4].Path, StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [TestMethod]
    public void ABrokenFileIsNamedByAllThatReadScoredRows()
    {
        List<Row> rows = [.. WriteFiles(6).Select(row => new Row { Path = Path.Combine(folder, row.Path), Label = row.Label })];
        IDataView data = context.Data.LoadFromEnumerable(rows);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", null, "Path"))
            .Append(context.Transforms.RobustImageClassification(Options() with { Epochs = 1 }))
            .Append(context.Transforms.Saliency())
            .Append(context.Transforms.SaliencyLocalization());
        using var model = (TransformerChain<SaliencyLocalizationTransformer>)pipeline.Fit(data);
        using PredictionEngine<Row, ScoreRow> engine = context.Model.CreatePredictionEngine<Row, ScoreRow>(model, new PredictionEngineOptions { OwnsTransformer = false });
        File.WriteAllText(rows[4].Path, "version https://git-lfs.github.com/spec/v1");
        IDataView scored = model.Transform(data);
        AreNamed(() => Rows.Read(scored, ["Score"]), "row 4");
        AreNamed(() => Rows.Read(scored, ["Saliency", "Path"]), "row 4");
        AreNamed(() => Rows.Read(context.Data.ShuffleRows(model.Transform(context.Data.Cache(data)), seed: 3, shufflePoolSize: 1), ["Score"]), "row ");
        AreNamed(() => context.MulticlassClassification.EvaluateInsertionDeletion(scored), "row 4");
        AreNamed(() => engine.Predict(rows[4]), "row ");
        AreNamed(() => Rows.Read(scored, ["PredictedBox"]), "row 4");

        void AreNamed(Action read, string row)
        {
            Exception error = Assert.Throws<Exception>(read);
            while (error is not BrokenImageException and { InnerException: { } inner })
            {
                error = inner;
            }

            StringAssert.StartsWith(error.Message, "Image column 'Image', row ");
            StringAssert.Contains(error.Message, row);
            StringAssert.Contains(error.Message, $"Path is '{rows[4].Path}'");
            StringAssert.Contains(error.Message, $"{rows[4].Path}: expected an image, found a pointer of Git LFS");
        }
    }

    [TestMethod]
    public void BoxesOfABrokenFileNameTheRow()
    {
        List<Row> rows = WriteFiles(3);
        IDataView data = context.Transforms.LoadImages("Image", folder, "Path").Append(context.Transforms.CustomMapping<Row, MapRow>((_, output) => output.Saliency = new float[64], null))
            .Append(context.Transforms.SaliencyLocalization(new SaliencyLocalizationEstimator.Options { Resize = ResizePolicy.Fill })).Fit(context.Data.LoadFromEnumerable(rows)).Transform(context.Data.LoadFromEnumerable(rows));
        File.WriteAllText(Path.Combine(folder, rows[1].Path), "not an image");
        Exception error = Assert.Throws<Exception>(() => Rows.Read(data, ["PredictedBox"])); // ML.NET's own cursors wrap what a mapper throws
        StringAssert.Contains((error as BrokenImageException ?? error.InnerException!).Message, "Image column 'Image', row 1: ML.NET cannot decode the file");
    }

    [TestMethod]
    public void MLImagesInMemoryStayTheirOwners()
    {
        List<TestImage> samples = TestImage.Make(9);
        List<ImageRow> rows = [.. samples.Select(sample => new ImageRow { Image = Draw(sample, 8, 8), Label = sample.Label })];
        IDataView images = context.Transforms.Conversion.MapValueToKey("Label").Fit(context.Data.LoadFromEnumerable(rows)).Transform(context.Data.LoadFromEnumerable(rows));
        RobustAttributionImageClassificationTrainer.Options options = Options() with { Epochs = 1 };
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(options).Fit(images);
        List<Rows.Row> first = Rows.Read(model.Transform(images), ["Score"]);

        IDataView vectors = context.Data.LoadFromEnumerable(samples);
        vectors = context.Transforms.Conversion.MapValueToKey("Label").Fit(vectors).Transform(vectors);
        using RobustAttributionModelTransformer same = context.Transforms.RobustImageClassification(options).Fit(vectors);
        List<Rows.Row> second = Rows.Read(same.Transform(vectors), ["Score"]);
        for (int i = 0; i < rows.Count; i++)
        {
            Assert.AreEqual(8, rows[i].Image!.Width, "still usable");
            Rows.AreEqual(first[i].Values, second[i].Values, 0, $"row {i}: the same pixels as vector and as MLImage");
        }
    }

    [TestMethod]
    public void ImagesOfAnySizeNeedTheNetworksSize()
    {
        IDataView rows = context.Data.LoadFromEnumerable([new ImageRow { Image = Draw(TestImage.Make(1)[0], 8, 8), Label = "row" }, new ImageRow { Image = null, Label = "column" }]);
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        RobustAttributionImageClassificationTrainer.Options options = Options() with { Input = null };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => context.Transforms.RobustImageClassification(options).Fit(data)).Message, "the option Input");
        var missing = Assert.ThrowsExactly<BrokenImageException>(() => context.Transforms.RobustImageClassification(Options()).Fit(data));
        StringAssert.Contains(missing.Message, "row 1: the image is missing");
    }

    [TestMethod]
    [TestCategory("Long")] // 800 MB
    public void AnMLImageAboveTheLimitIsNamed()
    {
        using MLImage large = MLImage.CreateFromPixels(10_001, 10_000, MLPixelFormat.Bgra32, new byte[4 * 10_001 * 10_000]);
        ImageRow[] rows = [new() { Image = Draw(TestImage.Make(1)[0], 8, 8), Label = "row" }, new() { Image = large, Label = "column" }];
        IDataView raw = context.Data.LoadFromEnumerable(rows);
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        var error = Assert.ThrowsExactly<BrokenImageException>(() => context.Transforms.RobustImageClassification(Options()).Fit(data));
        StringAssert.Contains(error.Message, "row 1: the image has 10001×10000 pixels (width × height); allowed are 100,000,000 in all.");
    }

    [TestMethod]
    public void AVectorOfAnotherShapeIsNamed()
    {
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(6));
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        RobustAttributionImageClassificationTrainer.Options options = Options() with { Input = new InputSpecification(1, 4, 16) };
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => context.Transforms.RobustImageClassification(options).Fit(data));
        StringAssert.Contains(error.Message, "1×8×8");
        StringAssert.Contains(error.Message, "1×4×16");
    }

    private static RobustAttributionImageClassificationTrainer.Options Options() => new()
    {
        Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
        Input = new InputSpecification(1, TestImage.Side, TestImage.Side),
        Objective = new CrossEntropy(),
        Epochs = 40,
        BatchSize = 6,
        LearningRate = 0.01,
    };

    private static MLImage Draw(TestImage sample, int height, int width)
    {
        byte[] pixels = new byte[4 * height * width];
        for (int i = 0; i < height; i++)
        {
            for (int j = 0; j < width; j++)
            {
                byte value = (byte)sample.Image[(i * TestImage.Side / height * TestImage.Side) + (j * TestImage.Side / width)];
                pixels.AsSpan(4 * ((i * width) + j), 4).Fill(value);
                pixels[(4 * ((i * width) + j)) + 3] = 255;
            }
        }

        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
    }

    private List<Row> WriteFiles(int count)
    {
        List<Row> rows = [];
        foreach (TestImage sample in TestImage.Make(count))
        {
            string name = $"{sample.Id}.{(sample.Id % 2 == 0 ? "png" : "jpg")}";
            using MLImage image = Draw(sample, 16, 24);
            image.Save(Path.Combine(folder, name));
            rows.Add(new Row { Path = name, Label = sample.Label });
        }

        return rows;
    }

    private sealed class Row
    {
        public string Path { get; set; } = string.Empty;

        public string Label { get; set; } = string.Empty;
    }

    private sealed class ScoreRow
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class MapRow
    {
        [VectorType(8, 8)]
        public float[] Saliency { get; set; } = [];
    }

    private sealed class ImageRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(TestImage.Side, TestImage.Side)]
        public MLImage? Image { get; set; }

        public string Label { get; set; } = string.Empty;
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];

        public string PredictedLabel { get; set; } = string.Empty;

        public float[] Saliency { get; set; } = [];
    }
}
