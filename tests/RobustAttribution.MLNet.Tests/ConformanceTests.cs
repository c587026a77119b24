using System.Reflection;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests;

/// <summary>The <see cref="EstimatorWorkout"/> over every estimator.</summary>
[TestClass]
public sealed class ConformanceTests
{
    private static readonly Dictionary<string, Entry> Table = new()
    {
        ["trainer"] = new(typeof(RobustAttributionImageClassificationTrainer), scored => Trainer(scored, Scored.Options(), "Image", "Label")),
        ["trainer on MLImages of another size, other columns"] = new(
            typeof(RobustAttributionImageClassificationTrainer),
            scored => Trainer(scored, OfImages(Scored.Options()) with { LabelColumnName = "Kind" }, "Photo", "Kind"),
            () => new Scored(images: true)),
        ["trainer on vectors in 0…1"] = new(
            typeof(RobustAttributionImageClassificationTrainer),
            scored => Trainer(scored, Unit(Scored.Options()), "Image", "Label"),
            () => new Scored(change: options => Unit(options), largest: 1)),
        ["model of a network"] = new(typeof(RobustAttributionModelEstimator), scored => OfNetwork(scored, new() { BatchSize = Scored.BatchSize }, "Image")),
        ["model of a network, MLImages and other columns"] = new(
            typeof(RobustAttributionModelEstimator),
            scored => OfNetwork(
                scored,
                new()
                {
                    LabelColumnName = "Kind",
                    ImageColumnName = "Photo",
                    ScoreColumnName = "Probabilities",
                    PredictedLabelColumnName = "Guess",
                    PixelScale = PixelScale.Unit,
                    Resize = ResizePolicy.Pad,
                    BatchSize = 3,
                },
                "Photo"),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["saliency"] = new(typeof(SaliencyEstimator), scored => OnScores(scored, scored.Context.Transforms.Saliency(), calls: 1)),
        ["saliency of everything"] = new(typeof(SaliencyEstimator), scored => OnScores(
            scored,
            scored.Context.Transforms.Saliency(new SaliencyEstimator.Options
            {
                OutputColumnName = "Map",
                SignedColumnName = "Signed",
                SeenImageColumnName = "Seen",
                HeatMapColumnName = "Heat",
                OverlayColumnName = "Overlay",
                HeatMapPngColumnName = "HeatPng",
                OverlayPngColumnName = "OverlayPng",
                Target = SaliencyTarget.Label(),
                Activation = Activation.Softplus(50),
                BatchSize = 3,
            }),
            ["Score", "Label"],
            batchSize: 3)),
        ["saliency of the top classes"] = new(typeof(SaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.Saliency(target: SaliencyTarget.Top(2), reduction: new MapReduction(MapSign.Positive, MapScale.Sum)), calls: 3)),
        ["saliency of a class by its place"] = new(typeof(SaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.Saliency(method: new IntegratedGradients { Steps = 3 }, reduction: new MapReduction(MapSign.Signed), target: SaliencyTarget.Class(1)))),
        ["saliency of a class by its name"] = new(typeof(SaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.Saliency(method: new GradCam { Layer = "inner.conv2" }, target: SaliencyTarget.Class("square")), calls: 1)),
        ["saliency by a method with random draws"] = new(typeof(SaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.Saliency(method: new SmoothGrad { Samples = 3 }), dependsOnBatch: true)),
        ["saliency by layer-wise relevance"] = new(
            typeof(SaliencyEstimator),
            scored => OnScores(scored, scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { Method = new LayerwiseRelevance(), SignedColumnName = "Signed" })),
            () => new Scored(change: options => options with
            {
                Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
            })),
        ["saliency of MLImages under other names"] = new(
            typeof(SaliencyEstimator),
            scored => OnScores(
                scored,
                scored.Context.Transforms.Saliency(new SaliencyEstimator.Options
                {
                    ScoreColumnName = "Probabilities",
                    ImageColumnName = "Photo",
                    SignedColumnName = "Signed",
                    SeenImageColumnName = "Seen",
                    HeatMapColumnName = "Heat",
                    OverlayColumnName = "Overlay",
                }),
                ["Probabilities"],
                image: "Photo",
                calls: 1),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["saliency as files of the source image's size"] = new(
            typeof(SaliencyEstimator),
            scored => OnScores(
                scored,
                scored.Context.Transforms.Saliency(new SaliencyEstimator.Options
                {
                    ScoreColumnName = "Probabilities",
                    HeatMapPngColumnName = "HeatPng",
                    OverlayPngColumnName = "OverlayPng",
                    SourceImageColumnName = "Photo",
                    SourceResize = ResizePolicy.Crop,
                }),
                ["Probabilities", "Photo"],
                image: "Photo",
                calls: 1),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["attack"] = new(typeof(AttributionAttackEstimator), scored => OnScores(scored, scored.Context.Transforms.AttributionAttack(Attack(new TopKAttack { K = 9, Steps = 3 })))),
        ["attack at random"] = new(typeof(AttributionAttackEstimator), scored => OnScores(
            scored, scored.Context.Transforms.AttributionAttack(Attack(new RandomNoise { ThreatModel = new LinfBall(0.1) })), dependsOnBatch: true)),
        ["attack with a target map, other names, few columns"] = new(
            typeof(AttributionAttackEstimator),
            scored => OnScores(
                scored,
                scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options
                {
                    Attack = new TargetMapAttack { Steps = 2 },
                    Method = new GradientTimesInput(),
                    Reduction = new MapReduction(MapSign.Positive),
                    Similarities = [new("Ssim", new MeanSquaredError())],
                    OutputColumnName = null,
                    PredictedLabelColumnName = null,
                    ValidColumnName = null,
                    ScoreColumnName = "Probabilities",
                    ImageColumnName = "Photo",
                    BatchSize = 3,
                }),
                ["Probabilities"],
                image: "Photo",
                batchSize: 3),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["attack on the prediction, vectors in 0…1"] = new(
            typeof(AttributionAttackEstimator),
            scored => OnScores(scored, scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options
            {
                Attack = new ProjectedGradientDescent { Steps = 2 },
                Similarities = [],
                OutputColumnName = "Attacked",
                PredictedLabelColumnName = "After",
                ValidColumnName = "Kept", UnchangedColumnName = "Same",
            }), dependsOnBatch: true),
            () => new Scored(change: options => Unit(options), largest: 1)),
        ["localization"] = new(typeof(SaliencyLocalizationEstimator), scored => OnMaps(scored, new())),
        ["localization at several thresholds"] = new(typeof(SaliencyLocalizationEstimator), scored => OnMaps(
            scored, new() { OutputColumnName = "Boxes", ImageColumnName = null, Thresholds = [0.1, 0.5, 0.9], Smooth = false })),
        ["localization in MLImages"] = new(
            typeof(SaliencyLocalizationEstimator),
            scored => OnMaps(scored, new() { MapColumnName = "Map", ImageColumnName = "Photo", Resize = ResizePolicy.Pad }),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["localization by the model's policy"] = new(
            typeof(SaliencyLocalizationEstimator),
            scored => OnMaps(scored, new() { MapColumnName = "Map", ImageColumnName = "Photo" }),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["random perturbation"] = new(typeof(RandomPerturbationEstimator), scored => OnScores(
            scored,
            scored.Context.Transforms.RandomPerturbation(new() { Draws = 2, Similarities = [new("Cos", new CosineSimilarity()), new(new KendallTau())] }),
            dependsOnBatch: true,
            calls: 3)),
        ["random perturbation with every option"] = new(
            typeof(RandomPerturbationEstimator),
            scored => OnScores(
                scored,
                scored.Context.Transforms.RandomPerturbation(new()
                {
                    ThreatModel = new L2Ball(0.5),
                    Draws = 1,
                    Method = new IntegratedGradients { Steps = 2 },
                    Reduction = new MapReduction(MapSign.Signed),
                    ScoreColumnName = "Probabilities",
                    ImageColumnName = "Photo",
                    Seed = 4,
                    BatchSize = 2,
                }),
                ["Probabilities"],
                image: "Photo",
                dependsOnBatch: true,
                batchSize: 2),
            () => new Scored(change: options => OfImages(options), images: true)),
        ["certified saliency"] = new(typeof(CertifiedSaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.CertifiedSaliency(new() { DrawingColumnName = "Drawing", DrawingPngColumnName = "Png" }))),
        ["certified saliency with every option"] = new(
            typeof(CertifiedSaliencyEstimator),
            scored => OnScores(
                scored,
                scored.Context.Transforms.CertifiedSaliency(new()
                {
                    OutputColumnName = "Certain",
                    ShareColumnName = "Share",
                    Target = SaliencyTarget.Label(),
                    TopShare = 0.4,
                    Sigma = 0.1,
                    Samples = 30,
                    Tau = 0.6,
                    Alpha = 0.1,
                    Seed = -4,
                    Method = new GradientTimesInput(),
                    Reduction = new MapReduction(MapSign.Positive),
                    ScoreColumnName = "Probabilities",
                    ImageColumnName = "Photo",
                    BatchSize = 3,
                }),
                ["Probabilities", "Label"],
                image: "Photo",
                batchSize: 3),
            () => new Scored(change: options => OfImages(options), images: true)),
    };

    // What a workout cannot tell: the training itself, which TrainerTests and ContinuedTrainingTests are about.
    private static readonly HashSet<string> OfTheTraining =
    [
        "Activation", "Objective", "Optimizer", "LearningRate", "Schedule", "Precision", "GradientClipNorm", "Augmentation", "ClassWeights", "HeadLearningRateFactor", "InitialWeightsPath", "DataDependentInitialization",
        "FrozenModules", "HeadModule", "ValidationSet", "ValidationSetFraction", "EarlyStopping", "MetricsCallback", "ProgressInterval", "Seed", "Checkpoints", "CacheBudgetInBytes", "TrainingSize", "Threads", "Communicator", "BrokenRows", "CancellationToken", "OnCancellation",
    ];

    public static IEnumerable<string> Names => Table.Keys;

    public static IEnumerable<Type> Estimators => typeof(SaliencyEstimator).Assembly.GetTypes()
        .Where(type => !type.IsAbstract && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEstimator<>)));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryEstimatorConforms(string name)
    {
        Entry entry = Table[name];
        using Scored scored = entry.Make();
        EstimatorWorkout workout = entry.Workout(scored);
        Assert.IsInstanceOfType(workout.Estimator, entry.Estimator);
        workout.Run();
    }

    [TestMethod]
    public void NoEstimatorIsMissing()
        => CollectionAssert.IsSubsetOf(Estimators.ToArray(), Table.Values.Select(entry => entry.Estimator).ToArray());

    [TestMethod]
    public void NoOptionIsLeftAtItsDefaultEverywhere()
    {
        Dictionary<string, List<object>> tried = [];
        foreach (Entry entry in Table.Values)
        {
            using Scored scored = entry.Make();
            object options = OptionsOf(entry.Workout(scored).Estimator);
            tried.TryAdd(entry.Estimator.Name, []);
            tried[entry.Estimator.Name].Add(options);
        }

        foreach (List<object> all in tried.Values)
        {
            object defaults = Activator.CreateInstance(all[0].GetType())!;
            foreach (PropertyInfo property in defaults.GetType().GetProperties().Where(property => all[0] is not RobustAttributionImageClassificationTrainer.Options || !OfTheTraining.Contains(property.Name)))
            {
                string standard = Text(property.GetValue(defaults));
                Assert.IsTrue(all.Exists(options => Text(property.GetValue(options)) != standard), $"{property.DeclaringType}.{property.Name} is {standard} in every workout");
            }
        }

        static string Text(object? value) => value is System.Collections.IEnumerable and not string ? string.Join(", ", ((System.Collections.IEnumerable)value).Cast<object>()) : value?.ToString() ?? "null";
    }

    /// <summary>The options that an estimator was made with; those of a network are its transformer's.</summary>
    private static object OptionsOf(object estimator)
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        if (estimator.GetType().GetField("options", Hidden) is { } field)
        {
            return field.GetValue(estimator)!;
        }

        object transformer = estimator.GetType().BaseType!.GetField("transformer", Hidden)!.GetValue(estimator)!;
        return transformer.GetType().GetProperty("Options", Hidden)!.GetValue(transformer)!;
    }

    private static EstimatorWorkout Trainer(Scored scored, RobustAttributionImageClassificationTrainer.Options options, string image, string label)
    {
        IDataView data = label == "Label" ? scored.Data : scored.Context.Transforms.CopyColumns(label, "Label").Fit(scored.Data).Transform(scored.Data);
        return new()
        {
            Context = scored.Context,
            Estimator = scored.Context.Transforms.RobustImageClassification(options),
            Data = data,
            Empty = scored.Context.Data.SkipRows(data, 1000),
            NeededToFit = [image, label],
            NeededToTransform = [image],
            CallsPerBatch = 1,
            EmptyFitError = "The training set has no row",
        };
    }

    private static EstimatorWorkout OfNetwork(Scored scored, RobustAttributionModelEstimator.Options options, string image) => new()
    {
        Context = scored.Context,
        Estimator = scored.Context.Transforms.RobustImageClassificationFromNetwork(scored.Model.Network, scored.Model.ClassNames!, options),
        Data = scored.Data,
        Empty = scored.Context.Data.SkipRows(scored.Data, 1000),
        NeededToFit = [image],
        NeededToTransform = [image],
        BatchSize = options.BatchSize,
        CallsPerBatch = 1,
    };

    private static RobustAttributionImageClassificationTrainer.Options Unit(RobustAttributionImageClassificationTrainer.Options options)
        => options with { PixelScale = PixelScale.Unit };

    private static RobustAttributionImageClassificationTrainer.Options OfImages(RobustAttributionImageClassificationTrainer.Options options)
        => options with
        {
            ImageColumnName = "Photo",
            Input = new InputSpecification(3, 6, 8),
            Resize = ResizePolicy.Pad,
            ScoreColumnName = "Probabilities",
            PredictedLabelColumnName = "Guess",
        };

    private static AttributionAttackEstimator.Options Attack(IAttributionAttack attack) => new()
    {
        Attack = attack,
        Similarities = [new(new TopKIntersection(9)), new(new KendallTau()), new("Cos", new CosineSimilarity())],
        AttackedMLImageColumnName = "AttackedPhoto",
        CleanPredictedLabelColumnName = "Before",
        Seed = 3,
    };

    private static EstimatorWorkout OnScores(
        Scored scored, IEstimator<ITransformer> estimator, string[]? needed = null, bool dependsOnBatch = false, int? calls = null, int batchSize = Scored.BatchSize, string image = "Image") => new()
    {
        Context = scored.Context,
        Estimator = estimator,
        Data = scored.View,
        Empty = scored.Context.Data.SkipRows(scored.View, 1000),
        NeededToFit = needed ?? ["Score"],
        NeededToTransform = [image, .. needed ?? ["Score"]],
        Tolerance = 1e-3,
        DependsOnBatch = dependsOnBatch,
        BatchSize = batchSize,
        CallsPerBatch = scored.Model.Network.Architecture is CountingArchitecture ? calls + 1 : null, // the score column is read as well
    };

    private static EstimatorWorkout OnMaps(Scored scored, SaliencyLocalizationEstimator.Options options)
    {
        SaliencyEstimator saliency = scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { OutputColumnName = options.MapColumnName, ScoreColumnName = scored.Model.ScoreColumnName });
        IDataView maps = saliency.Fit(scored.View).Transform(scored.View);
        if (maps.Schema.GetColumnOrNull("Photo") is null)
        {
            maps = scored.Context.Data.Cache(maps); // ML.NET does not cache MLImages
        }

        return new()
        {
            Context = scored.Context,
            Estimator = scored.Context.Transforms.SaliencyLocalization(options),
            RowsOfMLNet = true,
            Data = maps,
            Empty = scored.Context.Data.SkipRows(maps, 1000),
            NeededToFit = options.ImageColumnName is { } column ? [options.MapColumnName, column] : [options.MapColumnName],
            NeededToTransform = options.ImageColumnName is { } images ? [options.MapColumnName, images] : [options.MapColumnName],
            Tolerance = 1e-3,
        };
    }

    /// <summary>One workout.</summary>
    /// <param name="Estimator">Whose it is.</param>
    /// <param name="Workout">Made of a scene.</param>
    /// <param name="Scene">The scene; the usual one where null.</param>
    private sealed record Entry(Type Estimator, Func<Scored, EstimatorWorkout> Workout, Func<Scored>? Scene = null)
    {
        public Scored Make() => Scene?.Invoke() ?? new Scored();
    }
}
