using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>From folders of images to scores, and where the two ways to read files must agree.</summary>
[TestClass]
public sealed class FolderTrainingTests
{
    private readonly DataFolder folder = new();
    private readonly MLContext context = new(seed: 1);

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DataRow(ResizePolicy.Crop)]
    [DataRow(ResizePolicy.Fill)]
    [DataRow(ResizePolicy.Pad)]
    [DataRow(ResizePolicy.CenterCrop)]
    public void ImagesOfLoadImageFoldersAreScoredAsThoseOfLoadImages(ResizePolicy policy)
    {
        WriteWide(6);
        IDataView data = context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
        RobustAttributionImageClassificationTrainer.Options options = Options() with { Resize = policy };
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(options).Fit(data);
        float[][] trained = Scores(model.Transform(data));
        IDataView paths = context.Data.LoadFromEnumerable(
            Rows.Read(data, ["Id"]).Select(row => new PathRow { Path = folder.Of((string)row.Values["Id"]) }).ToList());
        float[][] asked = Scores(model.Transform(context.Transforms.LoadImages("Image", null, "Path").Fit(paths).Transform(paths)));
        for (int i = 0; i < trained.Length; i++)
        {
            CollectionAssert.AreEqual(trained[i], asked[i], $"row {i}");
        }
    }

    [TestMethod]
    public void TrainingImagesThatAnAugmentationCutsKeepTheirEdges()
    {
        WriteWide(6);
        IDataView data = context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
        RobustAttributionImageClassificationTrainer.Options options = Options() with
        {
            TrainingSize = (16, 16),
            Augmentation = new RandomResizedCrop { Height = 12, Width = 12 },
        };
        using RobustAttributionModelTransformer crop = context.Transforms.RobustImageClassification(options).Fit(data);
        using RobustAttributionModelTransformer center =
            context.Transforms.RobustImageClassification(options with { Resize = ResizePolicy.CenterCrop }).Fit(data);
        CollectionAssert.AreEqual(Parameters(crop), Parameters(center), "trained on the same pixels");
        float[][] a = Scores(crop.Transform(data)), b = Scores(center.Transform(data));
        Assert.IsTrue(Enumerable.Range(0, a.Length).Any(i => !a[i].SequenceEqual(b[i])), "scored on others");

        static float[] Parameters(RobustAttributionModelTransformer model)
            => [.. model.Network.Backbone.parameters().SelectMany(parameter => parameter.data<float>().ToArray())];
    }

    [TestMethod]
    public void BrokenFilesAreSkippedOrNamed()
    {
        WriteWide(4);
        folder.Write("middle/empty.jpg", string.Empty);
        folder.Write("sides/pointer.jpg", "version https://git-lfs.github.com/spec/v1\n");
        IDataView data = context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
        var error = Assert.ThrowsExactly<BrokenImageException>(() => context.Transforms.RobustImageClassification(Options()).Fit(data));
        StringAssert.Contains(error.Message, folder.Of("middle/empty.jpg"));
        StringAssert.Contains(error.Message, "an empty file");

        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        RobustAttributionImageClassificationTrainer.Options lenient = Options() with { BrokenRows = BrokenRows.Skip };
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(lenient).Fit(data);
        StringAssert.Contains(string.Join('\n', messages), "2 rows of the training set were left out, 8 are used");
        error = Assert.ThrowsExactly<BrokenImageException>(() => Scores(model.Transform(data)));
        StringAssert.Contains(error.Message, folder.Of("middle/empty.jpg"));
    }

    private static RobustAttributionImageClassificationTrainer.Options Options() => new()
    {
        Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
        Input = new InputSpecification(3, 12, 12),
        Objective = new CrossEntropy(),
        Epochs = 2,
        BatchSize = 4,
    };

    private static float[][] Scores(IDataView scored) => [.. Rows.Read(scored, ["Score"]).Select(row => (float[])row.Values["Score"])];

    /// <summary>Images of 64×32 that are bright in the middle, or at the sides.</summary>
    private void WriteWide(int count)
    {
        var random = new Random(1);
        foreach ((string name, int index) in Enumerable.Range(0, 2 * count).Select(i => (i % 2 == 0 ? "middle" : "sides", i)))
        {
            using var bitmap = new SKBitmap(new SKImageInfo(64, 32, SKColorType.Bgra8888, SKAlphaType.Opaque));
            for (int i = 0; i < 64 * 32; i++)
            {
                byte value = (byte)(random.Next(60) + ((i % 64 is >= 16 and < 48) == (name == "middle") ? 190 : 0));
                bitmap.SetPixel(i % 64, i / 64, new SKColor(value, value, (byte)random.Next(256)));
            }

            using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            folder.Write($"{name}/{index}.png", data.ToArray());
        }
    }

    private sealed class PathRow
    {
        public string Path { get; set; } = string.Empty;
    }
}
