using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Scoring;

/// <summary>Memory stays what it is over a long training and a long scoring run: objects, tensors, and the process as the system sees it.</summary>
[TestClass]
public sealed class MemoryTests
{
    [TestMethod]
    public void IsFlatOverTwentyEpochs()
    {
        var context = new MLContext(1);
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(128));
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        List<Reading> readings = [];
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
        {
            Network = Tiny,
            Objective = new LocalGradientAlignment(),
            Augmentation = new HorizontalFlip(),
            ValidationSetFraction = 0.25,
            EarlyStopping = new EarlyStopping { Patience = 20 },
            Epochs = 20,
            BatchSize = 16,
            MetricsCallback = report =>
            {
                if (report is EpochProgress)
                {
                    readings.Add(Reading.Take());
                }
            },
        }).Fit(data);
        Assert.HasCount(20, readings);
        IsFlat(readings[4], readings[^1]);
    }

    [TestMethod]
    public void IsFlatOverAHundredThousandScoredRows()
    {
        const int rows = 100_000;
        using var scored = new Scored(change: options => options with { Network = Tiny, BatchSize = 256 });
        List<TestImage> images = TestImage.Make(64);
        IDataView many = scored.Chain.Transform(scored.Context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => images[i % 64])));
        IDataView view = scored.Context.Transforms.Saliency().Fit(many).Transform(many);
        DataViewSchema.Column score = view.Schema["Score"], map = view.Schema["Saliency"];
        List<Reading> readings = [];
        using DataViewRowCursor cursor = view.GetRowCursor([score, map]);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(score), readMap = cursor.GetGetter<VBuffer<float>>(map);
        VBuffer<float> scoreValue = default, mapValue = default;
        double sum = 0;
        while (cursor.MoveNext())
        {
            readScore(ref scoreValue);
            readMap(ref mapValue);
            sum += scoreValue.GetItemOrDefault(0) + scoreValue.GetItemOrDefault(1) + scoreValue.GetItemOrDefault(2);
            if (cursor.Position % 20_000 == 19_999)
            {
                readings.Add(Reading.Take());
            }
        }

        Assert.AreEqual(rows, sum, 1);
        Assert.HasCount(5, readings);
        IsFlat(readings[0], readings[^1]);
    }

    [TestMethod]
    [TestCategory("Long")]
    public void IsFlatOverTwoHundredEnginesAHundredModelsAndThreeHundredAttacks()
    {
        using var scored = new Scored(32, change: options => options with { Network = Tiny });
        TestImage image = TestImage.Make(1)[0];
        Repeat(200, () =>
        {
            using PredictionEngine<TestImage, Prediction> engine = scored.Context.Model.CreatePredictionEngine<TestImage, Prediction>(scored.Chain, new PredictionEngineOptions { OwnsTransformer = false });
            Assert.HasCount(3, engine.Predict(image).Score);
        });
        using var file = new MemoryStream();
        scored.Context.Model.Save(scored.Chain, scored.Raw.Schema, file);
        Repeat(100, () =>
        {
            using var loaded = (IDisposable)scored.Context.Model.Load(file, out _);
            Assert.HasCount(32, Rows.Read(((ITransformer)loaded).Transform(scored.Raw), ["Score"]));
        }, makesParameters: true);
        var attack = new AttributionAttackEstimator.Options { Attack = new Attacks.TopKAttack { K = 9, Steps = 5 } };
        Repeat(300, () => Assert.HasCount(32, Rows.Read(scored.Context.Transforms.AttributionAttack(attack).Fit(scored.View).Transform(scored.View), ["AttackedImage"])));
    }

    /// <param name="times">How often.</param>
    /// <param name="deed">What is done.</param>
    /// <param name="makesParameters">Whether it makes networks, whose parameters TorchSharp counts for ever (<see cref="LiveTensors"/>).</param>
    private static void Repeat(int times, Action deed, bool makesParameters = false)
    {
        List<Reading> readings = [];
        for (int i = 0; i < times; i++)
        {
            deed();
            if (i % (times / 5) == (times / 5) - 1)
            {
                readings.Add(Reading.Take());
            }
        }

        IsFlat(readings[0], makesParameters ? readings[^1] with { Tensors = readings[0].Tensors } : readings[^1]);
    }

    private static NetworkArchitecture Tiny => new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 };

    private static void IsFlat(Reading early, Reading late)
    {
        string both = $"{early} and {late}";
        Console.WriteLine(both);
        Assert.AreEqual(early.Tensors, late.Tensors, $"live tensors: {both}");
        Assert.IsLessThanOrEqualTo(early.Managed + (1 << 20), late.Managed, $"managed bytes: {both}");
        Assert.IsLessThanOrEqualTo(early.Process + (48L << 20), late.Process, $"bytes of the process: {both}"); // pages that allocators keep, and other tests' garbage
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }

    private sealed record Reading(long Tensors, long Managed, long Process)
    {
        public static Reading Take()
        {
            long tensors = LiveTensors.Count();
            return new Reading(tensors, GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
        }
    }
}
