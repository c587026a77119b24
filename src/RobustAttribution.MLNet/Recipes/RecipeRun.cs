using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet;

/// <summary>One run of a recipe.</summary>
internal sealed class RecipeRun
{
    private readonly Recipe recipe;
    private readonly MLContext context;
    private readonly string folder;
    private readonly RecipeRunOptions options;
    private readonly List<KeyValuePair<string, double>> numbers = [];

    /// <exception cref="ArgumentException">The recipe needs pretrained weights, and none are named.</exception>
    public RecipeRun(Recipe recipe, MLContext context, string folder, RecipeRunOptions options)
    {
        if (recipe.NeedsPretrainedWeights && options.InitialWeightsPath is null && !options.DryRun)
        {
            throw new ArgumentException(
                $"{recipe.Name} starts from pretrained weights, and {nameof(RecipeRunOptions.InitialWeightsPath)} is null; allowed is a "
                + "safetensors file with torchvision's names (a head for other classes is left out).",
                nameof(options));
        }

        (this.recipe, this.context, this.folder, this.options) = (options.DryRun ? recipe.ForDryRun() : recipe, context, folder, options);
    }

    public RecipeReport Execute()
    {
        IDataView training = recipe.LoadTrainingSet(context, folder);
        IDataView test = recipe.LoadTestSet(context, folder); // fails before hours of training if a file is missing
        if (options.DryRun)
        {
            training = context.Data.TakeRows(training, 2L * recipe.Training.BatchSizeFor(long.MaxValue));
            test = context.Data.TakeRows(test, 2);
        }

        RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(TrainerOptions()).Fit(training);
        try
        {
            Measure(model, test);
            return new RecipeReport(recipe, model, numbers);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private RobustAttributionImageClassificationTrainer.Options TrainerOptions() => recipe.Training with
    {
        InitialWeightsPath = options.InitialWeightsPath,
        Seed = options.Seed,
        Checkpoints = options.Checkpoints,
        MetricsCallback = options.Progress,
        CancellationToken = options.CancellationToken,
    };

    private void Measure(RobustAttributionModelTransformer model, IDataView test)
    {
        RecipeEvaluation evaluation = recipe.Evaluation;
        Add("accuracy", context.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy);
        IDataView tested = evaluation.Images is int count ? context.Data.TakeRows(test, count) : test;
        if (tested.Schema["Image"].Type is VectorDataViewType)
        {
            tested = context.Data.Cache(tested); // ML.NET's cache drops columns of MLImages
        }

        IDataView scored = model.Transform(tested);
        if (evaluation.PredictionAttack is { } attack)
        {
            Add($"accuracy under {attack.GetType().Name}", AccuracyUnder(attack, scored));
        }

        foreach (double radius in evaluation.RandomPerturbationRadii)
        {
            RandomPerturbationMetrics metrics = context.MulticlassClassification.EvaluateRandomPerturbation(
                scored,
                new()
                {
                    ThreatModel = new LinfBall(radius),
                    Draws = evaluation.RandomPerturbationDraws,
                    Similarities = evaluation.RandomPerturbationSimilarities,
                    Seed = options.Seed,
                });
            Add(string.Create(CultureInfo.InvariantCulture, $"random perturbation {radius * 255:G3}/255"), metrics.Similarities);
        }

        foreach (AttributionRobustnessOptions protocol in evaluation.ExplanationAttacks)
        {
            AttributionRobustnessMetrics metrics = context.MulticlassClassification.EvaluateAttributionRobustness(
                scored, protocol with { Seed = options.Seed, CancellationToken = options.CancellationToken });
            string name = protocol.Attack.GetType().Name;
            Add(name, metrics.Similarities);
            Add($"{name}: images compared", metrics.ValidCount);
            Add($"{name}: images without a valid attacked copy", metrics.InvalidCount);
            Add($"{name}: images on which the attack improved nothing", metrics.UnchangedCount!.Value);
            Add($"{name}: images left out", metrics.LeftOutCount);
        }

        if (evaluation.PixelCurves is { } curves)
        {
            PixelCurveMetrics metrics = context.MulticlassClassification.EvaluateInsertionDeletion(
                scored, curves with { Seed = options.Seed, CancellationToken = options.CancellationToken });
            foreach ((string name, PixelCurveStatistics found) in metrics.Curves)
            {
                Add($"{name} area", found.MeanArea);
            }
        }

        foreach (LocalizationProtocol protocol in evaluation.Localization)
        {
            Locate(protocol, model.Transform(test));
        }
    }

    /// <summary>The share of the images whose class is predicted right before and after an attack on the prediction.</summary>
    private double AccuracyUnder(AttributionAttack attack, IDataView scored)
    {
        var view = new ScoredRows(CatalogEnvironment.Of(context.MulticlassClassification), scored, recipe.Name, "Score", labelColumnName: "Label")
        {
            Seed = options.Seed,
            LabelledOnly = true,
            CancellationToken = options.CancellationToken,
        };
        var measurement = new RobustnessMeasurement { Attacks = [attack], AttackTrueClass = true, Similarities = [] };
        return SampleMean.Of(view
            .Measure((network, images, labels, generator, places) => measurement.MeasureBatch(network, images, labels, generator, places))
            .SelectMany(batch => batch)
            .Select(row => row.StaysCorrect ? 1.0 : 0.0)).Mean;
    }

    private void Locate(LocalizationProtocol protocol, IDataView scored)
    {
        var pipeline = Boxes(protocol, SaliencyTarget.Predicted, "PredictedSaliency", "PredictedBox")
            .Append(Boxes(protocol, SaliencyTarget.Label(), "KnownSaliency", "KnownBox"));
        LocalizationMetrics metrics = context.MulticlassClassification.EvaluateLocalization(
            pipeline.Fit(scored).Transform(scored),
            new LocalizationColumns { KnownClassBoxColumnName = "KnownBox", MinimumOverlap = protocol.MinimumOverlap });
        Add($"{protocol.Name} map: top-1 error", metrics.Top1Error);
        Add($"{protocol.Name} map: top-1 localisation", metrics.Top1Localization);
        Add($"{protocol.Name} map: GT-known localisation", metrics.KnownClassLocalization);
        Add($"{protocol.Name} map: mean IoU", metrics.MeanOverlap);
    }

    private EstimatorChain<SaliencyLocalizationTransformer> Boxes(LocalizationProtocol protocol, SaliencyTarget target, string map, string box)
        => context.Transforms
            .Saliency(new() { Method = protocol.Method, Reduction = protocol.Reduction, Target = target, OutputColumnName = map })
            .Append(context.Transforms.SaliencyLocalization(
                new() { MapColumnName = map, OutputColumnName = box, Thresholds = [protocol.Threshold] }));

    private void Add(string name, IReadOnlyDictionary<string, SimilarityStatistics> similarities)
    {
        foreach ((string column, SimilarityStatistics found) in similarities)
        {
            Add($"{name}: {column}", found.Mean);
        }
    }

    private void Add(string name, double value) => numbers.Add(KeyValuePair.Create(name, value));
}
