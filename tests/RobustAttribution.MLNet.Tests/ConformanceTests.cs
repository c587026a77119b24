using System.Reflection;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.ThreatModels;

namespace RobustAttribution.MLNet.Tests;

/// <summary>The <see cref="EstimatorWorkout"/> over every estimator.</summary>
[TestClass]
public sealed class ConformanceTests
{
    private static readonly Dictionary<string, (Type Estimator, Func<Scored, EstimatorWorkout> Make)> Table = new()
    {
        ["trainer"] = (typeof(RobustAttributionImageClassificationTrainer), scored => new EstimatorWorkout
        {
            Context = scored.Context,
            Estimator = scored.Context.Transforms.RobustImageClassification(Scored.Options()),
            Data = scored.Data,
            Empty = scored.Context.Data.SkipRows(scored.Data, 1000),
            NeededToFit = ["Image", "Label"],
            NeededToTransform = ["Image"],
        }),
        ["saliency"] = (typeof(SaliencyEstimator), scored => OnScores(scored, scored.Context.Transforms.Saliency())),
        ["saliency of everything"] = (typeof(SaliencyEstimator), scored => OnScores(scored, scored.Context.Transforms.Saliency(new SaliencyEstimator.Options
        {
            OutputColumnName = "Map",
            SignedColumnName = "Signed",
            HeatMapColumnName = "Heat",
            OverlayColumnName = "Overlay",
            Target = SaliencyTarget.Label(),
            Activation = Activation.Softplus(50),
            BatchSize = 3,
        }), "Label")),
        ["saliency of the top classes"] = (typeof(SaliencyEstimator), scored => OnScores(
            scored, scored.Context.Transforms.Saliency(target: SaliencyTarget.Top(2), reduction: new MapReduction(MapSign.Positive, MapScale.Sum)))),
        ["attack"] = (typeof(AttributionAttackEstimator), scored => OnScores(scored, scored.Context.Transforms.AttributionAttack(Attack(scored, new TopKAttack { K = 9, Steps = 3 })))),
        ["attack at random"] = (typeof(AttributionAttackEstimator), scored => OnScores(
            scored, scored.Context.Transforms.AttributionAttack(Attack(scored, new RandomNoise { ThreatModel = new LinfBall(0.1) })), dependsOnBatch: true)),
        ["localization"] = (typeof(SaliencyLocalizationEstimator), scored => OnMaps(scored, new())),
        ["localization at several thresholds"] = (typeof(SaliencyLocalizationEstimator), scored => OnMaps(
            scored, new() { OutputColumnName = "Boxes", ImageColumnName = null, Thresholds = [0.1, 0.5, 0.9], Smooth = false })),
        ["random perturbation"] = (typeof(RandomPerturbationEstimator), scored => OnScores(
            scored,
            scored.Context.Transforms.RandomPerturbation(new() { Draws = 2, Similarities = [new("Cos", new CosineSimilarity()), new(new KendallTau())] }),
            dependsOnBatch: true)),
    };

    public static IEnumerable<string> Names => Table.Keys;

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryEstimatorConforms(string name)
    {
        using var scored = new Scored();
        Table[name].Make(scored).Run();
    }

    [TestMethod]
    public void NoEstimatorIsMissing()
    {
        IEnumerable<Type> estimators = typeof(SaliencyEstimator).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEstimator<>)));
        CollectionAssert.IsSubsetOf(estimators.ToArray(), Table.Values.Select(entry => entry.Estimator).ToArray());
    }

    private static AttributionAttackEstimator.Options Attack(Scored scored, IAttributionAttack attack) => new()
    {
        Attack = attack,
        Similarities = [new(new TopKIntersection(9)), new(new KendallTau()), new("Cos", new CosineSimilarity())],
        PictureColumnName = "AttackedPicture",
        CleanPredictedLabelColumnName = "Before",
        Seed = 3,
    };

    private static EstimatorWorkout OnScores(Scored scored, IEstimator<ITransformer> estimator, string? label = null, bool dependsOnBatch = false) => new()
    {
        Context = scored.Context,
        Estimator = estimator,
        Data = scored.View,
        Empty = scored.Context.Data.SkipRows(scored.View, 1000),
        NeededToFit = label is null ? ["Score"] : ["Score", label],
        NeededToTransform = label is null ? ["Image", "Score"] : ["Image", "Score", label],
        Tolerance = 1e-3,
        DependsOnBatch = dependsOnBatch,
    };

    private static EstimatorWorkout OnMaps(Scored scored, SaliencyLocalizationEstimator.Options options)
    {
        IDataView maps = scored.Context.Data.Cache(scored.Context.Transforms.Saliency().Fit(scored.View).Transform(scored.View));
        return new()
        {
            Context = scored.Context,
            Estimator = scored.Context.Transforms.SaliencyLocalization(options),
            Data = maps,
            Empty = scored.Context.Data.SkipRows(maps, 1000),
            NeededToFit = options.ImageColumnName is null ? ["Saliency"] : ["Saliency", "Image"],
            NeededToTransform = options.ImageColumnName is null ? ["Saliency"] : ["Saliency", "Image"],
        };
    }
}
