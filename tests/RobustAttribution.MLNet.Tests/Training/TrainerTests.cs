using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>The trainer: repeatability, progress, stopping, odd rows, options.</summary>
[TestClass]
public sealed class TrainerTests
{
    [TestMethod]
    public void OneSeedGivesOneModelAndLeavesNoTensorBehind()
    {
        int parameters = 0;
        float[][] Run(int seed)
        {
            using var scored = new Context(seed);
            RobustAttributionModelTransformer model = scored.Train();
            float[][] scores = scored.Scores(model);
            parameters = 2 * model.Network.Backbone.parameters().Count(); // each is made twice, once without memory: InitializedLayers
            model.Dispose();
            return scores;
        }

        float[][] first = Run(3);
        long before = LiveTensors.Count();
        float[][] second = Run(3);
        Assert.AreEqual(before + parameters, LiveTensors.Count(), "live tensors, and one for each parameter that was made");
        CollectionAssert.AreEqual(first.SelectMany(row => row).ToArray(), second.SelectMany(row => row).ToArray());
        CollectionAssert.AreNotEqual(first.SelectMany(row => row).ToArray(), Run(4).SelectMany(row => row).ToArray());
    }

    [TestMethod]
    public void LearnsAndEvaluatesLikeAnyMulticlassTrainer()
    {
        using var context = new Context(1);
        context.Options = context.Options with { Epochs = 25, LearningRate = 0.01 };
        using RobustAttributionModelTransformer model = context.Train();
        MulticlassClassificationMetrics metrics = context.ML.MulticlassClassification.Evaluate(model.Transform(context.Test));
        Assert.IsGreaterThan(0.8, metrics.MicroAccuracy);
        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
        StringAssert.Contains(metrics.ConfusionMatrix.GetFormattedConfusionTable(), "square");
        CollectionAssert.AreEqual(new[] { "row", "column", "square" }, model.ClassNames!.ToArray());
        Assert.AreEqual(25, model.Training!.EpochsDone);
    }

    [TestMethod]
    public void ProgressIsTyped()
    {
        using var context = new Context(1);
        List<TrainingProgress> reports = [];
        context.Options = context.Options with
        {
            MetricsCallback = reports.Add,
            ProgressInterval = TimeSpan.Zero,
            ValidationSet = context.Test,
            Epochs = 2,
        };
        using RobustAttributionModelTransformer model = context.Train();
        Assert.HasCount(2 * 6, reports.OfType<BatchProgress>().ToArray()); // 24 images, 4 in a step
        Assert.HasCount(2, reports.OfType<ValidationProgress>().ToArray());
        Assert.HasCount(2, reports.OfType<EpochProgress>().ToArray());
        Assert.IsNotNull(reports.OfType<EpochProgress>().Last().Validation);
    }

    [TestMethod]
    public void MessagesGoToTheLogOfTheContext()
    {
        using var context = new Context(1);
        List<string> messages = [];
        context.ML.Log += (_, message) => messages.Add(message.Message);
        using RobustAttributionModelTransformer model = context.Train();
        Assert.IsTrue(messages.Any(message => message.Contains("epoch 1 of 1: loss", StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [TestMethod]
    public void ATokenStopsWithinAStep()
    {
        using var context = new Context(1);
        using var stop = new CancellationTokenSource();
        List<TrainingProgress> reports = [];
        context.Options = context.Options with
        {
            CancellationToken = stop.Token,
            ProgressInterval = TimeSpan.Zero,
            Epochs = 50,
            MetricsCallback = report =>
            {
                reports.Add(report);
                if (reports.Count == 3)
                {
                    stop.Cancel();
                }
            },
        };
        Assert.Throws<OperationCanceledException>(() => context.Train());
        Assert.HasCount(3, reports);

        reports.Clear();
        using var stopAgain = new CancellationTokenSource();
        context.Options = context.Options with
        {
            CancellationToken = stopAgain.Token,
            OnCancellation = CancellationBehavior.KeepLatest,
            MetricsCallback = report =>
            {
                reports.Add(report);
                stopAgain.Cancel();
            },
        };
        using RobustAttributionModelTransformer model = context.Train();
        Assert.IsFalse(model.Training!.Completed);
        Assert.HasCount(1, reports);
        Assert.HasCount(context.Images.Count, context.Scores(model));
    }

    [TestMethod]
    public void CancellingTheContextStopsTheTraining()
    {
        using var context = new Context(1);
        int reports = 0;
        context.Options = context.Options with
        {
            ProgressInterval = TimeSpan.Zero,
            Epochs = 1000,
            MetricsCallback = _ =>
            {
                reports++;
                context.ML.Cancel();
            },
        };
        Assert.Throws<OperationCanceledException>(() => context.Train());
        Assert.AreEqual(1, reports);
    }

    [TestMethod]
    public void HeldOutRowsAreNotTrainedOn()
    {
        using var context = new Context(1);
        List<TrainingProgress> reports = [];
        context.Options = context.Options with
        {
            ValidationSetFraction = 0.25,
            ProgressInterval = TimeSpan.Zero,
            MetricsCallback = reports.Add,
        };
        using RobustAttributionModelTransformer model = context.Train();
        Assert.AreEqual(5, reports.OfType<BatchProgress>().First().StepsPerEpoch); // 18 of 24
        context.Options = context.Options with { ValidationSetFraction = 0.99 };
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => context.Train()).Message,
            "ValidationSetFraction is 0.99 of 24 images, which leaves 0 to train on and 24 to validate with");
    }

    [TestMethod]
    public void TrainingGoesOnFromAFittedModel()
    {
        using var context = new Context(1);
        using RobustAttributionModelTransformer first = context.Train();
        float[][] before = context.Scores(first);
        context.Options = context.Options with { LearningRate = 1e-12, Optimizer = new AdamW { WeightDecay = 0 } };
        using RobustAttributionModelTransformer second = context.Trainer().Fit(context.Training, first);
        float[][] after = context.Scores(second);
        for (int i = 0; i < before.Length; i++)
        {
            for (int k = 0; k < 3; k++)
            {
                Assert.AreEqual(before[i][k], after[i][k], 1e-5);
            }
        }

        Assert.AreNotSame(first.Network, second.Network);
        context.Options = context.Options with { Network = new SmallConvNetArchitecture() };
        string message = Assert.ThrowsExactly<ArgumentException>(() => context.Trainer().Fit(context.Training, first)).Message;
        StringAssert.Contains(message, "The model to start from has the Network CountingArchitecture, and the options and the data have SmallConvNetArchitecture");
    }

    [TestMethod]
    [DataRow(1e30)]
    [DataRow(1e300)]
    public void ADivergedTrainingGivesNoModel(double rate)
    {
        using var context = new Context(1);
        context.Options = context.Options with { LearningRate = rate, Epochs = 1, BatchSize = 64 };
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(() => context.Train().Dispose());
        StringAssert.Contains(error.Message, "epoch 1");
        StringAssert.Contains(error.Message, $"learning rate ({rate})");
    }

    [TestMethod]
    public void AModelThatIsNotFiniteIsNotSaved()
    {
        using var context = new Context(1);
        using RobustAttributionModelTransformer model = context.Train();
        using (NewDisposeScope())
        using (no_grad())
        {
            model.Network.Backbone.parameters().First().fill_(double.PositiveInfinity);
        }

        string name = model.Network.Backbone.named_parameters().First().name;
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => context.ML.Model.Save(model, null, Stream.Null)).Message;
        StringAssert.Contains(message, $"Tensor '{name}' of the network");
    }

    [TestMethod]
    public void AModelToStartFromHasTheSameClassesAndInput()
    {
        using var context = new Context(1);
        using RobustAttributionModelTransformer model = context.Train();
        List<TestImage> images = TestImage.Make(12);
        images.Reverse();
        RefusesToFit(images, "Label column 'Label' has the classes [square, column, row]; the model to start from has [row, column, square]");
        RefusesToFit(TestImage.Make(2), "Label column 'Label' has the classes [row, column]; the model to start from has [row, column, square]");
        context.Options = context.Options with { Input = new InputSpecification(1, 8, 8) { Mean = [0.25] } };
        RefusesToFit(TestImage.Make(12), "The model to start from has the Input {\"channels\":1,\"height\":8,\"width\":8,\"mean\":[0.5],");

        void RefusesToFit(List<TestImage> rows, string message)
        {
            IDataView raw = context.ML.Data.LoadFromEnumerable(rows);
            IDataView data = context.ML.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => context.Trainer().Fit(data, model)).Message, message);
        }
    }

    [TestMethod]
    public void BrokenRowsFailOrAreSkippedAndCounted()
    {
        using var context = new Context(1);
        List<TestImage> images = TestImage.Make(12);
        images[4].Image[0] = 300;
        images[7].Label = "unknown";
        IDataView data = context.Keys.Transform(context.ML.Data.LoadFromEnumerable(images));
        var error = Assert.ThrowsExactly<BrokenImageException>(() => context.Trainer().Fit(data));
        StringAssert.Contains(error.Message, "Image column 'Image', row 4: value 0 is 300");
        StringAssert.Contains(error.Message, "BrokenRows.Skip");

        List<string> messages = [];
        context.ML.Log += (_, message) => messages.Add(message.Message);
        context.Options = context.Options with { BrokenRows = BrokenRows.Skip };
        using RobustAttributionModelTransformer model = context.Trainer().Fit(data);
        Assert.IsTrue(messages.Any(message => message.Contains("2 rows of the training set were left out, 10 are used. The first: Image column 'Image', row 4", StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [TestMethod]
    public void PixelsOfTheOtherScaleAreFoundOut()
    {
        using var context = new Context(1);
        List<TestImage> images = TestImage.Make(12);
        images.ForEach(image => image.Image = [.. image.Image.Select(value => value / 255)]);
        IDataView data = context.Keys.Transform(context.ML.Data.LoadFromEnumerable(images));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => context.Trainer().Fit(data)).Message, "PixelScale.Unit");

        context.Options = context.Options with { PixelScale = PixelScale.Unit };
        using RobustAttributionModelTransformer unit = context.Trainer().Fit(data);
        StringAssert.Contains(Assert.ThrowsExactly<BrokenImageException>(() => context.Trainer().Fit(context.Training)).Message, "PixelScale = Bytes");
        context.Options = context.Options with { PixelScale = PixelScale.Bytes };
        using RobustAttributionModelTransformer bytes = context.Train(TestImage.Make(12));
        float[] a = (float[])Rows.Read(unit.Transform(data), ["Score"])[0].Values["Score"];
        float[] b = context.Scores(bytes)[0];
        Assert.AreEqual(b[0], a[0], 1e-4, "the same images in both scales train the same network");
    }

    [TestMethod]
    public void ImagesOfTheOtherScaleAreWarnedOfOnceWhenTheyAreScoredExplainedAndEvaluated()
    {
        using var context = new Context(1);
        context.Options = context.Options with { BatchSize = 5 };
        List<string> warnings = [];
        context.ML.Log += (_, message) => { if (message.Message.Contains("seem to be in 0…1", StringComparison.Ordinal)) { warnings.Add(message.Message); } };
        using RobustAttributionModelTransformer model = context.Train();
        context.Scores(model);
        List<TestImage> one = TestImage.Make(24);
        one.ForEach(image => image.Image = [.. image.Image.Select(value => value / 255)]);
        Assert.AreEqual(0, warnings.Count, "images in 0…255");

        IDataView scored = model.Transform(context.Keys.Transform(context.ML.Data.LoadFromEnumerable(one)));
        Rows.Read(scored, ["Score"]);
        Assert.AreEqual(1, warnings.Count, "five batches");
        StringAssert.Contains(warnings[0], "No value in image column 'Image' is above 1, so its images seem to be in 0…1. The network was trained on 0…255");

        IDataView explained = context.ML.Transforms.Saliency(new()).Fit(scored).Transform(scored);
        Rows.Read(explained, ["Saliency"]);
        Assert.AreEqual(2, warnings.Count, "explained");

        context.ML.MulticlassClassification.EvaluateInsertionDeletion(scored);
        Assert.AreEqual(3, warnings.Count, "evaluated");
    }

    [TestMethod]
    [DataRow(0.5f, 1)]
    [DataRow(1f, 0)] // an almost black image
    [DataRow(0f, 0)]
    [DataRow(2.5f, 0)]
    public void AnImageOfTheOtherScaleAmongOthersIsWarnedOf(float value, int expected)
    {
        using var context = new Context(1);
        List<string> warnings = [];
        context.ML.Log += (_, message) => { if (message.Message.Contains("0…1", StringComparison.Ordinal)) { warnings.Add(message.Message); } };
        using RobustAttributionModelTransformer model = context.Train();
        List<TestImage> mixed = TestImage.Make(12);
        mixed[7].Image = [.. mixed[7].Image.Select(_ => value)];
        IDataView data = context.Keys.Transform(context.ML.Data.LoadFromEnumerable(mixed));
        Assert.AreEqual(0, warnings.Count);
        Rows.Read(model.Transform(data), ["Score"]);
        Assert.AreEqual(expected, warnings.Count, "scored");
        using RobustAttributionModelTransformer trained = context.Trainer().Fit(data);
        Assert.AreEqual(2 * expected, warnings.Count, "trained");
        Assert.IsTrue(warnings.TrueForAll(warning => warning.Contains("An image in column 'Image' has fractions and no value above 1", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void LabelsThatAreNotKeysAreNamedEarly()
    {
        using var context = new Context(1);
        IDataView text = context.ML.Data.LoadFromEnumerable(TestImage.Make(6));
        StringAssert.Contains(Assert.Throws<Exception>(() => context.Trainer().Fit(text)).Message, "MapValueToKey(\"Label\")");
        Exception promised = Assert.Throws<Exception>(() => new EstimatorChain<ITransformer>().Append(context.Trainer()).Append(new ShapeSpy()).Fit(text));
        StringAssert.Contains(promised.Message, "MapValueToKey(\"Label\")");
    }

    [TestMethod]
    public void OptionsCheckThemselves()
    {
        Refuses<ArgumentOutOfRangeException>(options => options with { Epochs = 0 }, "Epochs is 0");
        Refuses<ArgumentOutOfRangeException>(options => options with { LearningRate = -1 }, "LearningRate is -1");
        Refuses<ArgumentOutOfRangeException>(options => options with { ValidationSetFraction = 1 }, "ValidationSetFraction is 1");
        Refuses<ArgumentOutOfRangeException>(options => options with { TrainingSize = (0, 4) }, "TrainingSize is 0");
        Refuses<ArgumentOutOfRangeException>(options => options with { PixelScale = (PixelScale)7 }, "PixelScale is 7; allowed is Bytes, Unit");
        Refuses<ArgumentNullException>(options => options with { LabelColumnName = null! }, "LabelColumnName");
    }

    [TestMethod]
    public void OptionsThatExcludeEachOtherAreNamedWithTheirValues()
    {
        using var context = new Context(1);
        Refuses<ArgumentException>(
            options => options with { EarlyStopping = new EarlyStopping() },
            "EarlyStopping is set, which requires ValidationSet or ValidationSetFraction; both are null");
        Refuses<ArgumentException>(
            options => options with { ValidationSetFraction = 0.5, ValidationSet = context.Test },
            "ValidationSet is set and ValidationSetFraction is 0.5; allowed is one of them");
        Refuses<ArgumentException>(
            options => options with { TrainingSize = (10, 12) }, "TrainingSize is (10, 12), which requires an Augmentation");
        Refuses<ArgumentException>(
            options => options with { TrainingSize = (10, 12), Augmentation = new HorizontalFlip(), ValidationSetFraction = 0.5 },
            "TrainingSize is (10, 12) and ValidationSetFraction is 0.5; allowed is one of them");
        Refuses<ArgumentException>(
            options => options with { Input = new InputSpecification(3, 8, 8) { Mean = [0.1, 0.2] } }, "Mean has 2 values; allowed are 1 or 3");
    }

    [TestMethod]
    public void ColumnsOfOneNameAreNamedWithBothOptions()
    {
        Refuses<ArgumentException>(
            options => options with { ScoreColumnName = "Out", PredictedLabelColumnName = "Out" },
            "ScoreColumnName and PredictedLabelColumnName are both 'Out'; a new column needs a name of its own.");
        Refuses<ArgumentException>(options => options with { ScoreColumnName = "Label" }, "LabelColumnName and ScoreColumnName are both 'Label'");
        Refuses<ArgumentException>(options => options with { PredictedLabelColumnName = "Image" }, "ImageColumnName and PredictedLabelColumnName are both");
    }

    [TestMethod]
    public void OptionsThatDoNotFitTheNetworkAreFoundBeforeAnImageIsRead()
    {
        using var context = new Context(1);
        List<TestImage> unreadable = TestImage.Make(12);
        unreadable.ForEach(image => image.Image[0] = 999);
        IDataView data = context.Keys.Transform(context.ML.Data.LoadFromEnumerable(unreadable));
        RobustAttributionImageClassificationTrainer.Options standard = context.Options;
        RefusesToFit(standard with { FrozenModules = ["layer9"] }, "FrozenModules names 'layer9'");
        RefusesToFit(standard with { HeadModule = "layer9" }, "HeadModule names 'layer9'");
        RefusesToFit(standard with { ClassWeights = [1, 2] }, "ClassWeights has 2 values; allowed is one for each of the network's 3 classes");

        void RefusesToFit(RobustAttributionImageClassificationTrainer.Options options, string message)
        {
            context.Options = options;
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => context.Trainer().Fit(data)).Message, message);
        }
    }

    [TestMethod]
    public void AViewWithoutRowsOrWithOneClassIsNamed()
    {
        using var context = new Context(1);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Fit(TestImage.Make(0))).Message, "The training set has no row, so label column 'Label' has no classes");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Fit(TestImage.Make(1))).Message, "Label column 'Label' has the classes [row]; allowed are at least 2");

        void Fit(List<TestImage> images)
        {
            IDataView raw = context.ML.Data.LoadFromEnumerable(images);
            context.Trainer().Fit(context.ML.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw));
        }
    }

    [TestMethod]
    public void AMissingGpuIsAnErrorUnlessTheCpuWillDo()
    {
        if (torch.cuda.is_available())
        {
            Assert.Inconclusive("This machine has a GPU.");
        }

        using var context = new Context(1, new MLContext(1) { GpuDeviceId = 3, FallbackToCpu = false });
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => context.Train()).Message, "GpuDeviceId is 3");
        using var patient = new Context(1, new MLContext(1) { GpuDeviceId = 3, FallbackToCpu = true });
        using RobustAttributionModelTransformer model = patient.Train();
        Assert.AreEqual(DeviceType.CPU, model.Network.Device.type);
    }

    [TestMethod]
    public void CrossValidationGivesAModelForEachFold()
    {
        using var context = new Context(1);
        var folds = context.ML.MulticlassClassification.CrossValidate(context.Training, context.Trainer(), numberOfFolds: 3);
        Assert.HasCount(3, folds);
        foreach (TrainCatalogBase.CrossValidationResult<MulticlassClassificationMetrics> fold in folds)
        {
            Assert.IsTrue(fold.Metrics.MicroAccuracy is >= 0 and <= 1);
            (fold.Model as IDisposable)?.Dispose();
        }
    }

    private static void Refuses<T>(
        Func<RobustAttributionImageClassificationTrainer.Options, RobustAttributionImageClassificationTrainer.Options> change, string message)
        where T : Exception
    {
        using var context = new Context(1);
        T error = Assert.ThrowsExactly<T>(() =>
        {
            context.Options = change(context.Options);
            context.Trainer();
        });
        StringAssert.Contains(error.Message, message);
    }

    private sealed class Context : IDisposable
    {
        public Context(int seed, MLContext? context = null)
        {
            CountingArchitecture.Register();
            ML = context ?? new MLContext(seed);
            Options = Scored.Options() with { Objective = new LocalGradientAlignment() };
            Images = TestImage.Make(24);
            IDataView raw = ML.Data.LoadFromEnumerable(Images);
            Keys = ML.Transforms.Conversion.MapValueToKey("Label").Fit(raw);
            Training = Keys.Transform(raw);
            Test = Keys.Transform(ML.Data.LoadFromEnumerable(TestImage.Make(30, seed: 9)));
        }

        public MLContext ML { get; }

        public RobustAttributionImageClassificationTrainer.Options Options { get; set; }

        public List<TestImage> Images { get; }

        public ITransformer Keys { get; }

        public IDataView Training { get; }

        public IDataView Test { get; }

        public RobustAttributionImageClassificationTrainer Trainer() => ML.MulticlassClassification.Trainers.RobustImageClassification(Options);

        public RobustAttributionModelTransformer Train() => Trainer().Fit(Training);

        public RobustAttributionModelTransformer Train(List<TestImage> images) => Trainer().Fit(Keys.Transform(ML.Data.LoadFromEnumerable(images)));

        public float[][] Scores(ITransformer model) => [.. Rows.Read(model.Transform(Training), ["Score"]).Select(row => (float[])row.Values["Score"])];

        public void Dispose() => GC.KeepAlive(this);
    }
}
