using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>ML.NET's Fit and Transform against the same work on tensors in memory, and the time to a process's first prediction.</summary>
internal static class Pipeline
{
    private const int Further = 4; // epochs, or times, of which the mean counts

    public static IReadOnlyList<string> Columns { get; } = ["work", "network", "threads", "rows", "pipeline, ms", "bare loop, ms", "overhead, %", "of processor time, %"];

    /// <summary>Training, an epoch of several: Fit of rows, kept in memory and streamed, against <see cref="RobustTrainer"/>. Scoring: Transform against batches of logits.</summary>
    public static IEnumerable<object[]> Measure(Setup setup, int rows, int repeats, int threads)
    {
        MLContext context = NewContext(setup.Device);
        Row[] data = Rows(rows);
        IDataView view = Keyed(context, data);
        using IDisposable scope = NewDisposeScope();
        Tensor images = cat([.. data.Select(row => tensor(row.Image).reshape(1, 3, 32, 32))], 0).to(ScalarType.Byte);
        Tensor classes = tensor(data.Select(row => long.Parse(row.Label, System.Globalization.CultureInfo.InvariantCulture)).ToArray());

        long streamedBudget = rows * 3 * 32 * 32 / 2; // bytes: half of the images
        yield return Compare($"an epoch, {setup.Objective.Name}", epochs => Fit(epochs, null), Train);
        yield return Compare($"an epoch, {setup.Objective.Name}, streamed", epochs => Fit(epochs, streamedBudget), Train);
        if (setup.Objective.Beta is not null)
        {
            yield break; // scoring is the same for every objective
        }

        using RobustAttributionModelTransformer model = Trainer(context, setup).Fit(view);
        IDataView scored = model.Transform(view);
        yield return Compare("scoring", Repeated(ReadScores), Repeated(Score));

        object[] Compare(string work, Action<int> pipeline, Action<int> loop)
        {
            List<Cost> pipelines = [], loops = [];
            for (int round = 0; round <= repeats; round++)
            {
                (Cost first, Cost second) = (Once(pipeline), Once(loop));
                if (round > 0)
                {
                    pipelines.Add(first);
                    loops.Add(second);
                }
            }

            return
            [
                work, setup.Network.Name, threads, rows, Cost.Median(pipelines).Wall, Cost.Median(loops).Wall,
                Overhead(cost => cost.Wall), Overhead(cost => cost.Processor),
            ];

            // What is done once for all of them, such as the checks before a training, falls out.
            Cost Once(Action<int> work) => (Clock.Of(() => work(1 + Further), setup.Device) - Clock.Of(() => work(1), setup.Device)) * (1.0 / Further);

            double Overhead(Func<Cost, double> part) => (Cost.Median(pipelines.Zip(loops, (a, b) => part(a) / part(b))) - 1) * 100;
        }

        static Action<int> Repeated(Action once) => times =>
        {
            for (int i = 0; i < times; i++)
            {
                once();
            }
        };

        void Fit(int epochs, long? budget) => Trainer(context, setup, epochs, budget).Fit(view).Dispose();

        void Train(int epochs)
        {
            using ImageNetwork network = setup.NewNetwork();
            network.MoveTo(setup.Device);
            new RobustTrainer(setup.Options(epochs)).Fit(network, new TensorBatchSource(images, classes));
        }

        void ReadScores() => _ = scored.GetColumn<float[]>("Score").Count();

        void Score()
        {
            using IDisposable inspection = model.Network.ForInspection();
            using IDisposable mode = no_grad();
            for (long start = 0; start < rows; start += setup.Batch)
            {
                using IDisposable batch = NewDisposeScope();
                Tensor pixels = images.narrow(0, start, Math.Min(setup.Batch, rows - start)).to(setup.Device).to(ScalarType.Float32) / 255;
                _ = nn.functional.softmax(model.Network.Logits(pixels), 1).cpu().data<float>().ToArray();
            }
        }
    }

    /// <summary>Writes a model of one short training.</summary>
    public static void SaveModel(string path, Setup setup)
    {
        MLContext context = NewContext(setup.Device);
        IDataView view = context.Data.LoadFromEnumerable(Rows(64));
        ITransformer model = context.Transforms.Conversion.MapValueToKey("Label").Append(Trainer(context, setup)).Fit(view);
        context.Model.Save(model, view.Schema, path);
        (model as IDisposable)?.Dispose();
    }

    /// <summary>Loads a model and predicts one row.</summary>
    public static float[] PredictOne(string path)
    {
        var context = new MLContext(1);
        ITransformer model = context.Model.Load(path, out _);
        return [.. model.Transform(context.Data.LoadFromEnumerable(Rows(1))).GetColumn<float[]>("Score").First()];
    }

    private static MLContext NewContext(Device device) => new(1) { GpuDeviceId = device.type == DeviceType.CUDA ? 0 : null, FallbackToCpu = false };

    private static RobustAttributionImageClassificationTrainer Trainer(MLContext context, Setup setup, int epochs = 1, long? budget = null)
    {
        TrainingOptions options = setup.Options(epochs);
        var defaults = new RobustAttributionImageClassificationTrainer.Options();
        return context.Transforms.RobustImageClassification(defaults with
        {
            CacheBudgetInBytes = budget ?? defaults.CacheBudgetInBytes,
            Objective = options.Objective,
            Epochs = options.Epochs,
            BatchSize = options.BatchSize,
            Optimizer = options.Optimizer,
            LearningRate = options.LearningRate,
            GradientClipNorm = options.GradientClipNorm,
            Network = setup.Network.Architecture,
        });
    }

    private static IDataView Keyed(MLContext context, Row[] data)
    {
        IDataView view = context.Data.LoadFromEnumerable(data);
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    private static Row[] Rows(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(i => new Row { Image = Pixels(), Label = $"{i % 10}" })];

        float[] Pixels() => [.. Enumerable.Range(0, 3 * 32 * 32).Select(_ => (float)random.Next(256))];
    }

    private sealed class Row
    {
        [VectorType(3, 32, 32)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = string.Empty;
    }
}
