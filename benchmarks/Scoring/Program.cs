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
var rounds = new Option<int>("--rounds") { Description = "Measurements of each way, taken in turns; the fastest counts.", DefaultValueFactory = _ => 3 };
var batch = new Option<int>("--batch") { Description = "Pictures in each network call.", DefaultValueFactory = _ => 128 };
var command = new RootCommand("Compares scoring through the ML.NET pipeline with a bare batched tensor loop.") { rounds, batch };
command.SetAction(parsed => Run(parsed.GetValue(rounds), parsed.GetValue(batch)));
return await CommandLine.InvokeAsync(command, args);

static int Run(int rounds, int batchSize)
{
    torch.set_num_threads(Environment.ProcessorCount);
    var context = new MLContext(1);
    var labels = new FashionMnistOptions { LabelsAsKey = true };
    IDataView train = context.Data.TakeRows(context.Data.LoadFashionMnist(null, FashionMnistSplit.Train, labels), 512);
    IDataView test = context.Data.LoadFashionMnist(null, FashionMnistSplit.Test, labels);
    var trainer = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options { Epochs = 1, BatchSize = batchSize });
    using RobustAttributionModelTransformer model = trainer.Fit(train);
    IDataView scored = model.Transform(test);
    IDataView explained = context.Transforms.Saliency().Fit(scored).Transform(scored);
    float[][] pictures = [.. test.GetColumn<float[]>("Image")];

    int calls = 0;
    using (Count(model.Network, () => calls++))
    {
        Read(scored, "Score");
    }

    int expected = (pictures.Length + batchSize - 1) / batchSize;
    Terminal.Output.WriteLine($"network calls for {pictures.Length} rows in batches of {batchSize}: {calls} (⌈rows/batch⌉ = {expected})");
    Report("Score", rounds, () => Read(scored, "Score"), () => Loop(model.Network, pictures, batchSize, Score));
    Report("Saliency", rounds, () => Read(explained, "Saliency"), () => Loop(model.Network, pictures, batchSize, Explain));
    return calls == expected ? 0 : 1;
}

static void Report(string name, int rounds, Action pipeline, Action loop)
{
    double fastestPipeline = double.PositiveInfinity, fastestLoop = double.PositiveInfinity;
    for (int round = 0; round < rounds; round++)
    {
        fastestLoop = Math.Min(fastestLoop, Seconds(loop));
        fastestPipeline = Math.Min(fastestPipeline, Seconds(pipeline));
    }

    Terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: pipeline {fastestPipeline:F2} s, bare loop {fastestLoop:F2} s, ratio {fastestPipeline / fastestLoop:F3}"));
}

static double Seconds(Action action)
{
    var watch = Stopwatch.StartNew();
    action();
    return watch.Elapsed.TotalSeconds;
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

static void Loop(ImageNetwork network, float[][] pictures, int batchSize, Func<ImageNetwork, Tensor, Tensor> compute)
{
    using IDisposable inspection = network.ForInspection();
    InputSpecification input = network.Input;
    foreach (float[][] rows in pictures.Chunk(batchSize))
    {
        using IDisposable scope = NewDisposeScope();
        float[] joined = new float[rows.Length * input.ValueCount];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].CopyTo(joined, i * input.ValueCount);
        }

        Tensor images = tensor(joined, dtype: ScalarType.Float32).reshape(rows.Length, input.Channels, input.Height, input.Width) / 255;
        _ = compute(network, images).data<float>().ToArray();
    }
}

static Tensor Score(ImageNetwork network, Tensor images)
{
    using IDisposable mode = no_grad();
    return nn.functional.softmax(network.Logits(images), 1);
}

// As the transform, the loop explains the class that the network predicts.
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

internal sealed class Unhook(Action remove) : IDisposable
{
    public void Dispose() => remove();
}
