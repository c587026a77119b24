using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>
/// The models and a fixed number of engines, which requests take in turns. Microsoft.Extensions.ML's PredictionEnginePool makes as many engines as
/// there are requests at once, each as the owner of its model.
/// </summary>
internal sealed class EnginePool : IDisposable
{
    private readonly ServeOptions options;
    private readonly ServeMetrics metrics;
    private readonly ExplainedModel[] models;
    private readonly Channel<(ExplainedModel Model, PredictionEngine<ExplainedModel.Photo, ExplainedModel.Answer> Engine)> idle;
    private int requests;

    public EnginePool(ServeOptions options, ServeMetrics metrics)
    {
        this.options = options;
        this.metrics = metrics;
        models = [.. Enumerable.Range(0, options.Models).Select(_ => new ExplainedModel(options))];
        idle = Channel.CreateBounded<(ExplainedModel, PredictionEngine<ExplainedModel.Photo, ExplainedModel.Answer>)>(options.Engines);
        for (int i = 0; i < options.Engines; i++)
        {
            ExplainedModel model = models[i % models.Length];
            idle.Writer.TryWrite((model, model.CreateEngine()));
        }

        metrics.Observe(() => Volatile.Read(ref requests), () => options.Engines - idle.Reader.Count);
    }

    /// <summary>The first of the models, which are all alike.</summary>
    public ExplainedModel Model => models[0];

    /// <summary>A place for a request, from before its upload is read to its answer; null where <see cref="ServeOptions.Queue"/> is full.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref requests) <= options.Engines + options.Queue)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref requests);
        return null;
    }

    /// <summary>Explains an image as soon as an engine is free.</summary>
    /// <param name="upload">The file.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="cancellation">Of the request: it is looked at while waiting and between the steps.</param>
    /// <exception cref="InvalidDataException">It is no image, is damaged or has too many pixels.</exception>
    public async Task<Explanation> ExplainAsync(byte[] upload, string name, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        var entry = await idle.Reader.ReadAsync(cancellation);
        metrics.Took("wait", start);
        try
        {
            return Explain(entry.Model, entry.Engine, upload, name, cancellation);
        }
        finally
        {
            idle.Writer.TryWrite(entry);
        }
    }

    /// <summary>The engines do not own the models, and hold nothing else.</summary>
    public void Dispose() => Array.ForEach(models, model => model.Dispose());

    private Explanation Explain(
        ExplainedModel model,
        PredictionEngine<ExplainedModel.Photo, ExplainedModel.Answer> engine,
        byte[] upload,
        string name,
        CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using MLImage image = ImageDecoder.Decode(upload, name, options.MaximumPixels);
        start = metrics.Took("decode", start);
        cancellation.ThrowIfCancellationRequested();
        ExplainedModel.Answer answer = engine.Predict(new() { Image = image });
        start = metrics.Took("explain", start);
        cancellation.ThrowIfCancellationRequested();
        Stability stability = model.MeasureStability(answer);
        metrics.Took("stability", start);
        return new(
            name,
            image.Width,
            image.Height,
            model.ClassNames[answer.Class],
            [.. model.ClassNames.Zip(answer.Score, (className, score) => new ClassProbability(className, score)).OrderByDescending(it => it.Probability)],
            stability,
            answer.OverlayPng,
            answer.HeatMapPng);
    }

    private sealed class Place(EnginePool pool) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                Interlocked.Decrement(ref pool.requests);
            }
        }
    }
}
