using System.Diagnostics;
using Microsoft.ML;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Several models trained and used from several threads at once are those of one after the other.</summary>
[TestClass]
public sealed class ConcurrencyTests
{
    [TestMethod]
    public void TrainingsAtTheSameTimeAreThoseOfOneAfterTheOther()
    {
        float[][] alone = [.. Enumerable.Range(1, 4).Select(seed => ScoresAndMaps(seed))];
        float[][] together = new float[4][];
        OnThreads(4, i => together[i] = ScoresAndMaps(i + 1));
        for (int i = 0; i < 4; i++)
        {
            CollectionAssert.AreEqual(alone[i], together[i], $"seed {i + 1}");
        }

        CollectionAssert.AreNotEqual(alone[0], alone[1]);
    }

    [TestMethod]
    public void ModelsAndEnginesAtTheSameTimeAreThoseOfOneAfterTheOther()
    {
        using Scored first = new(12), second = new(12, Activation.Relu);
        Scored[] models = [first, second];
        Func<List<TestImage>, float[][]>[] engines = Array.ConvertAll(models, Predictor);
        List<TestImage> images = TestImage.Make(12);
        float[][][] alone = Array.ConvertAll(engines, engine => engine(images));
        OnThreads(4, i =>
        {
            float[][] found = engines[i % 2](images);
            for (int row = 0; row < found.Length; row++)
            {
                CollectionAssert.AreEqual(alone[i % 2][row], found[row], $"thread {i}, row {row}");
            }
        });

        static Func<List<TestImage>, float[][]> Predictor(Scored scored)
        {
            ITransformer chain = scored.Chain.Append(scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { Activation = Activation.Softplus(20) }).Fit(scored.View));
            return images =>
            {
                // An engine of its own for each thread, as ML.NET asks for; all share the network.
                using PredictionEngine<TestImage, Output> engine = scored.Context.Model.CreatePredictionEngine<TestImage, Output>(chain, new PredictionEngineOptions { OwnsTransformer = false });
                return [.. images.Select(image => engine.Predict(image)).Select(output => (float[])[.. output.Score, .. output.Saliency])];
            };
        }
    }

    [TestMethod]
    [TestCategory("Long")]
    public void EightThreadsThatTrainScoreAndExplainAreOneAfterTheOther()
    {
        const int rounds = 40;
        using Scored scored = new(12, Activation.Relu);
        var context = scored.Context;
        IDataView maps = context.Transforms.Saliency(new SaliencyEstimator.Options { Method = new Attributions.IntegratedGradients { Steps = 5 } }).Fit(scored.View).Transform(scored.View);
        Func<int, float[]>[] deeds =
        [
            ScoresAndMaps,
            _ => Read(scored.View, "Score"),
            _ => Read(maps, "Saliency"),
            seed => Read(context.Transforms.RandomPerturbation(new RandomPerturbationEstimator.Options { Seed = seed }).Fit(scored.View).Transform(scored.View), "RandomPerturbationCosine"),
        ];
        float[][][] alone = [.. deeds.Select(deed => (float[][])[.. Enumerable.Range(1, 2).Select(deed)])];
        OnThreads(8, i =>
        {
            for (int round = 0; round < rounds; round++)
            {
                CollectionAssert.AreEqual(alone[i % 4][round % 2], deeds[i % 4](1 + (round % 2)), $"thread {i}, round {round}");
            }
        });

        static float[] Read(IDataView view, string column) => [.. Rows.Read(view, [column]).SelectMany(row => row.Values[column] is float[] values ? values : [(float)row.Values[column]])];
    }

    [TestMethod]
    public void EachTrainingHasItsThreadsAndTheFormerNumberComesBack()
    {
        int before = torch.get_num_threads();
        int[] during = new int[2], after = new int[2];
        using var both = new Barrier(2);
        OnThreads(2, i =>
        {
            bool waited = false;
            using RobustAttributionModelTransformer model = Train(seed: 1, options => options with
            {
                Threads = before + 1 + i,
                MetricsCallback = _ =>
                {
                    during[i] = torch.get_num_threads();
                    if (!waited)
                    {
                        waited = true;
                        Assert.IsTrue(both.SignalAndWait(TimeSpan.FromMinutes(1)));
                    }
                },
            });
            after[i] = torch.get_num_threads();
        });
        CollectionAssert.AreEqual(new[] { before + 1, before + 2 }, during);
        CollectionAssert.AreEqual(new[] { before, before }, after);
        Assert.AreEqual(before, torch.get_num_threads());
        OnThreads(1, _ => Assert.AreEqual(before, torch.get_num_threads(), "on a new thread"));
    }

    /// <summary>A request that a server answers during a training: its thread, new to libtorch, must not keep the training's number.</summary>
    [TestMethod]
    public void AThreadThatStartsDuringATrainingHasTheFormerNumberAndKeepsIt()
    {
        int before = torch.get_num_threads(), during = 0, scored = 0, afterwards = 0;
        using var done = new ManualResetEventSlim();
        Thread? request = null;
        using (RobustAttributionModelTransformer model = Train(seed: 1, options => options with
        {
            Threads = before + 2,
            MetricsCallback = _ =>
            {
                during = torch.get_num_threads();
                if (request is null)
                {
                    using var asked = new ManualResetEventSlim();
                    request = new Thread(() =>
                    {
                        scored = torch.get_num_threads();
                        asked.Set();
                        done.Wait();
                        afterwards = torch.get_num_threads();
                    });
                    request.Start();
                    asked.Wait();
                }
            },
        }))
        {
            done.Set();
            request!.Join();
        }

        Assert.AreEqual((before + 2, before, before), (during, scored, afterwards));
    }

    /// <summary>Threads = null leaves libtorch's number; this is what that number is (Options.Threads documents it).</summary>
    [TestMethod]
    [DataRow(null)]
    [DataRow("1")]
    public void LibtorchStartsWithEveryCoreUnlessToldOtherwise(string? variable)
    {
        ProcessStartInfo start = FreshProcess.StartOf("count-threads");
        start.Environment.Remove("MKL_NUM_THREADS");
        start.Environment["OMP_NUM_THREADS"] = variable;

        (int exitCode, string messages) = FreshProcess.End(Process.Start(start)!);

        Assert.AreEqual(0, exitCode, messages);
        int threads = int.Parse(messages);
        Assert.IsInRange(variable is null ? (Environment.ProcessorCount + 1) / 2 : 1, variable is null ? Environment.ProcessorCount : 1, threads, "of two hardware threads a core may count once");
    }

    internal static int CountThreads()
    {
        Console.WriteLine(torch.get_num_threads());
        return 0;
    }

    private static RobustAttributionModelTransformer Train(int seed, Func<RobustAttributionImageClassificationTrainer.Options, RobustAttributionImageClassificationTrainer.Options>? change = null)
    {
        CountingArchitecture.Register();
        var context = new MLContext(seed);
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with
        {
            Objective = new LocalGradientAlignment(),
            Augmentation = new HorizontalFlip(),
            Epochs = 3,
            ProgressInterval = TimeSpan.Zero,
        };
        options = change is null ? options : change(options);
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(24, seed));
        return context.Transforms.RobustImageClassification(options).Fit(context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw));
    }

    private static float[] ScoresAndMaps(int seed)
    {
        var context = new MLContext(seed);
        using RobustAttributionModelTransformer model = Train(seed);
        IDataView scored = model.Transform(context.Data.LoadFromEnumerable(TestImage.Make(9)));
        IDataView attacked = context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = new Attacks.TopKAttack { K = 9, Steps = 2 }, Similarities = [] }).Fit(scored).Transform(scored);
        return [.. Rows.Read(attacked, ["Score", "AttackedImage"]).SelectMany(row => row.Values.Values.SelectMany(value => (float[])value))];
    }

    /// <summary>Runs a deed on several threads of their own at once; the first of their errors comes out.</summary>
    private static void OnThreads(int count, Action<int> deed)
    {
        var errors = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                deed(i);
            }
            catch (Exception error)
            {
                errors[i] = error;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (errors.FirstOrDefault(error => error is not null) is { } first)
        {
            throw new AssertFailedException(first.ToString(), first);
        }
    }

    private sealed class Output
    {
        public float[] Score { get; set; } = [];

        public float[] Saliency { get; set; } = [];
    }
}
