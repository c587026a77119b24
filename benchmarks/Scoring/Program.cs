using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attributions;
using RobustAttribution.Examples;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

// What the ML.NET pipeline costs on top of the network: 10,000 rows scored and explained through cursors, against the same batches in a bare tensor loop, in one process.
var rounds = new Option<int>("--rounds") { Description = "Measurements of each way, taken in turns; the medians count.", DefaultValueFactory = _ => 7 };
var batch = new Option<int>("--batch") { Description = "Images in each network call.", DefaultValueFactory = _ => 128 };
var threads = new Option<int>("--threads") { Description = "CPU threads of libtorch.", DefaultValueFactory = _ => Environment.ProcessorCount };
Option<string?> data = SharedOptions.Data();
Option<bool> download = SharedOptions.Download();
var command = new RootCommand("Compares scoring through the ML.NET pipeline with a bare batched tensor loop.")
{
    rounds, batch, threads, data, download,
};
command.SetAction((parsed, cancellation) => Task.FromResult(Run(
    new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(data), parsed.GetValue(download), cancellation),
    parsed.GetValue(rounds),
    parsed.GetValue(batch),
    parsed.GetValue(threads))));
return await CommandLine.InvokeAsync(command, args);

static int Run(string data, int rounds, int batchSize, int threads)
{
    torch.set_num_threads(threads);
    var context = new MLContext(1);
    var labels = new DatasetOptions { LabelsAsKey = true };
    IDataView train = context.Data.TakeRows(context.Data.LoadFashionMnist(data, DatasetSplit.Train, labels), 512);
    IDataView test = context.Data.LoadFashionMnist(data, DatasetSplit.Test, labels);
    var trainer = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options { Epochs = 1, BatchSize = batchSize });
    using RobustAttributionModelTransformer model = trainer.Fit(train);
    IDataView scored = model.Transform(test);
    IDataView explained = context.Transforms.Saliency().Fit(scored).Transform(scored);
    float[][] images = [.. test.GetColumn<float[]>("Image")];

    int batches = (images.Length + batchSize - 1) / batchSize;
    Terminal.Output.WriteLine($"{images.Length} rows in batches of {batchSize}, {threads} threads, medians of {rounds} rounds; ⌈rows/batch⌉ = {batches}");
    bool allOnce = true;
    foreach ((string column, IDataView view, Func<ImageNetwork, Tensor, Tensor> compute) in new[] { ("Score", scored, (Func<ImageNetwork, Tensor, Tensor>)Score), ("Saliency", explained, Explain) })
    {
        int calls = 0;
        using (Count(model.Network, () => calls++))
        {
            Read(view, column);
        }

        allOnce &= calls == batches;
        Report($"{column}: {calls} network calls", rounds, () => Read(view, column), () => Loop(model.Network, images, batchSize, compute));
    }

    return allOnce ? 0 : 1;
}

static void Report(string name, int rounds, Action pipeline, Action loop)
{
    var pipelines = new Cost[rounds];
    var loops = new Cost[rounds];
    for (int round = 0; round < rounds; round++)
    {
        if (round % 2 == 0)
        {
            loops[round] = Measure(loop);
            pipelines[round] = Measure(pipeline);
        }
        else
        {
            pipelines[round] = Measure(pipeline);
            loops[round] = Measure(loop);
        }
    }

    Compare("wall clock", cost => cost.Wall);
    Compare("processor time", cost => cost.Processor); // what a busy machine distorts less

    void Compare(string what, Func<Cost, double> of)
        => Terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}, {what}: pipeline {Median(pipelines.Select(of)):F2} s, bare loop {Median(loops.Select(of)):F2} s, ratio {Median(pipelines.Zip(loops, (a, b) => of(a) / of(b))):F3}"));
}

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
}

static Cost Measure(Action action)
{
    TimeSpan processor = Environment.CpuUsage.TotalTime;
    var watch = Stopwatch.StartNew();
    action();
    return new Cost(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
}

static void Read(IDataView view, string column)
{
    DataViewSchema.Column wanted = view.Schema[column];
    using DataViewRowCursor cursor = view.GetRowCursor([wanted]);
    ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(wanted);
    VBuffer<float> value = default;
    while (cursor.MoveNext())
    {
        getter(ref value);
    }
}

static void Loop(ImageNetwork network, float[][] images, int batchSize, Func<ImageNetwork, Tensor, Tensor> compute)
{
    using IDisposable inspection = network.ForInspection();
    InputSpecification input = network.Input;
    foreach (float[][] rows in images.Chunk(batchSize))
    {
        using IDisposable scope = NewDisposeScope();
        float[] joined = new float[rows.Length * input.ValueCount];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].CopyTo(joined, i * input.ValueCount);
        }

        Tensor pixels = tensor(joined, dtype: ScalarType.Float32).reshape(rows.Length, input.Channels, input.Height, input.Width) / 255;
        _ = compute(network, pixels).data<float>().ToArray();
    }
}

static Tensor Score(ImageNetwork network, Tensor images)
{
    using IDisposable mode = no_grad();
    return nn.functional.softmax(network.Logits(images), 1);
}

// As the transform, the loop explains the class that the network predicts, from one forward pass.
static Tensor Explain(ImageNetwork network, Tensor images)
{
    (Tensor gradient, _) = new InputGradient().AttributePredicted(network, images);
    return new MapReduction().Reduce(gradient);
}

static IDisposable Count(ImageNetwork network, Action called)
{
    var hook = network.Backbone.register_forward_pre_hook((_, input) =>
    {
        called();
        return input;
    });
    return new Unhook(hook.remove);
}

/// <summary>Seconds.</summary>
internal readonly record struct Cost(double Wall, double Processor);

internal sealed class Unhook(Action remove) : IDisposable
{
    public void Dispose() => remove();
}
