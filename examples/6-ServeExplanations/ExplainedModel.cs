using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>A loaded classifier with its maps: the network that several engines share.</summary>
internal sealed class ExplainedModel : IDisposable
{
    private readonly MLContext context;
    private readonly ServeOptions options;
    private readonly SavedClassifier saved;
    private readonly ITransformer chain;
    private readonly SchemaDefinition input = SchemaDefinition.Create(typeof(Photo));
    private readonly SchemaDefinition output = SchemaDefinition.Create(typeof(Answer));
    private readonly float range; // of the pixels that the network was trained on: 1 or 255

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="FormatException">It is no model, or has no classifier of this library.</exception>
    public ExplainedModel(ServeOptions options)
    {
        this.options = options;
        context = new MLContext(seed: 1) { GpuDeviceId = options.Gpu };
        saved = SavedClassifier.Load(context, options.Model);
        RobustAttributionModelTransformer classifier = saved.Classifier;
        input[nameof(Photo.Image)].ColumnName = classifier.ImageColumnName;
        output[nameof(Answer.Score)].ColumnName = classifier.ScoreColumnName;

        // The classifier alone, whatever comes before it in the file: it brings MLImages of any size to the network's.
        IDataView scored = classifier.Transform(context.Data.LoadFromEnumerable<Photo>([], input));
        chain = new TransformerChain<ITransformer>(classifier, context.Transforms.Saliency(new SaliencyEstimator.Options
        {
            ScoreColumnName = classifier.ScoreColumnName,
            OutputColumnName = nameof(Answer.Map),
            SeenImageColumnName = nameof(Answer.Seen),
            OverlayPngColumnName = nameof(Answer.OverlayPng),
            HeatMapPngColumnName = nameof(Answer.HeatMapPng),
            SourceImageColumnName = classifier.ImageColumnName, // PNG files of the user's size
        }).Fit(scored));

        using PredictionEngine<Photo, Answer> engine = CreateEngine(); // warms up, and finds the range of the pixels
        using MLImage white = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, [255, 255, 255, 255]);
        range = engine.Predict(new Photo { Image = white }).Seen.Max();
    }

    /// <summary>The classes in the order of the scores.</summary>
    public IReadOnlyList<string> ClassNames => saved.ClassNames;

    private InputSpecification Input => saved.Input;

    /// <summary>An engine for one request at a time. It does not own the model, which others use too.</summary>
    public PredictionEngine<Photo, Answer> CreateEngine() => context.Model.CreatePredictionEngine<Photo, Answer>(
        chain, new PredictionEngineOptions { OwnsTransformer = false, InputSchemaDefinition = input, OutputSchemaDefinition = output });

    /// <summary>How like the answer's map those of noisy copies of the image are, all computed in one batch. The same image gives the same draws.</summary>
    public Stability MeasureStability(Answer answer)
    {
        int draws = options.NoiseDraws;
        ImageNetwork network = saved.Classifier.Network;
        float[] copies = new float[draws * answer.Seen.Length];
        float[] maps = new float[draws * answer.Map.Length];
        for (int i = 0; i < draws; i++)
        {
            answer.Map.CopyTo(maps, i * answer.Map.Length);
            for (int j = 0; j < answer.Seen.Length; j++)
            {
                copies[(i * answer.Seen.Length) + j] = answer.Seen[j] / range;
            }
        }

        double[] similarities;
        lock (network.SyncRoot)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            using IDisposable inspection = network.ForInspection();
            using var generator = new torch.Generator(1);
            torch.Tensor images = torch.tensor(copies, [draws, Input.Channels, Input.Height, Input.Width]).to(network.Device);
            torch.Tensor noisy = new LinfBall(options.NoiseLevels / 255.0).RandomStart(images, Input, generator);
            torch.Tensor classes = torch.tensor(Enumerable.Repeat((long)answer.Class, draws).ToArray()).to(network.Device);
            torch.Tensor found = new SaliencyMap().Of(network, noisy, classes);
            torch.Tensor expected = torch.tensor(maps, [draws, Input.Height, Input.Width]).to(network.Device);
            similarities = [.. new SpearmanCorrelation().Compare(expected, found).cpu().to(torch.ScalarType.Float64).data<double>()];
        }

        bool defined = !similarities.Any(double.IsNaN);
        return new(defined ? similarities.Average() : null, defined ? similarities.Min() : null, draws, options.NoiseLevels);
    }

    public override string ToString()
        => $"{Path.GetFileName(saved.Path)}, {Input.Channels}×{Input.Height}×{Input.Width} (channels × height × width) to {ClassNames.Count} classes";

    public void Dispose() => saved.Dispose();

    /// <summary>What an engine is asked.</summary>
    internal sealed class Photo
    {
        [ImageType(1, 1)] // ML.NET wants numbers, and holds no image to them
        public MLImage? Image { get; set; }
    }

    /// <summary>What it answers; the arrays are the caller's.</summary>
    internal sealed class Answer
    {
        public float[] Score { get; set; } = [];

        public float[] Map { get; set; } = [];

        public float[] Seen { get; set; } = [];

        public byte[] OverlayPng { get; set; } = [];

        public byte[] HeatMapPng { get; set; } = [];

        [NoColumn]
        public int Class => Score.AsSpan().IndexOf(Score.Max());
    }
}
