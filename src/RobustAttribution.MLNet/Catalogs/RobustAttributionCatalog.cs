using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Objectives;

namespace Microsoft.ML;

/// <summary>The verbs that this library adds to <see cref="MLContext"/>.</summary>
public static class RobustAttributionCatalog
{
    /// <summary>Trains an image classifier with robust saliency maps: adds <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The images, vectors of C×H×W values in 0…255. MLImage columns need the overload with options.</param>
    /// <param name="objective">What is minimised; <see cref="LocalGradientAlignment"/> where null.</param>
    /// <param name="epochs">Passes over the training set.</param>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this TransformsCatalog catalog, string labelColumnName = "Label", string imageColumnName = "Image", ITrainingObjective? objective = null, int epochs = 10)
        => new(CatalogEnvironment.Of(catalog), Brief(labelColumnName, imageColumnName, objective, epochs));

    /// <summary>Trains an image classifier with robust saliency maps: adds <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What to train and how.</param>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this TransformsCatalog catalog, RobustAttributionImageClassificationTrainer.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <inheritdoc cref="RobustImageClassification(TransformsCatalog, string, string, ITrainingObjective?, int)"/>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        ITrainingObjective? objective = null,
        int epochs = 10)
        => new(CatalogEnvironment.Of(catalog), Brief(labelColumnName, imageColumnName, objective, epochs));

    /// <inheritdoc cref="RobustImageClassification(TransformsCatalog, RobustAttributionImageClassificationTrainer.Options)"/>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, RobustAttributionImageClassificationTrainer.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>Adds saliency maps of the network that trained or loaded <c>RobustImageClassification</c> left in the Score column.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="outputColumnName">The new column, vectors of H×W values.</param>
    /// <param name="method">The attribution; the input gradient where null.</param>
    /// <param name="reduction">How it becomes a map; magnitudes summed over the channels where null.</param>
    /// <param name="target">The class explained; the predicted one where null.</param>
    public static SaliencyEstimator Saliency(
        this TransformsCatalog catalog, string outputColumnName = "Saliency", IAttributionMethod? method = null, MapReduction? reduction = null, SaliencyTarget? target = null)
        => new(
            CatalogEnvironment.Of(catalog),
            new() { OutputColumnName = outputColumnName, Method = method ?? new InputGradient(), Reduction = reduction ?? new(), Target = target ?? SaliencyTarget.Predicted });

    /// <summary>Adds saliency maps of the network that trained or loaded <c>RobustImageClassification</c> left in the Score column.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What to explain and how.</param>
    public static SaliencyEstimator Saliency(this TransformsCatalog catalog, SaliencyEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>Attacks the explanations of the network in the Score column: adds the attacked images, and how similar the maps before and after are.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="attack">The attack; <see cref="TopKAttack"/> with its defaults where null.</param>
    /// <param name="outputColumnName">The new column of attacked images.</param>
    public static AttributionAttackEstimator AttributionAttack(this TransformsCatalog catalog, IAttributionAttack? attack = null, string outputColumnName = "AttackedImage")
        => new(CatalogEnvironment.Of(catalog), new() { Attack = attack ?? new TopKAttack(), OutputColumnName = outputColumnName });

    /// <summary>Attacks the explanations of the network in the Score column: adds the attacked images, and how similar the maps before and after are.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What attack, and what is said of its result.</param>
    public static AttributionAttackEstimator AttributionAttack(this TransformsCatalog catalog, AttributionAttackEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>Attacks the explanations of a classifier on every row and says how similar the maps before and after are.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="attack">The attack.</param>
    /// <param name="labelColumnName">The key column of true labels; null for none.</param>
    public static AttributionRobustnessMetrics EvaluateAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, IAttributionAttack attack, string? labelColumnName = "Label")
        => EvaluateAttributionRobustness(catalog, data, new AttributionRobustnessOptions { Attack = attack, LabelColumnName = labelColumnName });

    /// <summary>Attacks the explanations of a classifier on every row and says how similar the maps before and after are.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What to attack and to measure.</param>
    public static AttributionRobustnessMetrics EvaluateAttributionRobustness(this MulticlassClassificationCatalog catalog, IDataView data, AttributionRobustnessOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return AttributionRobustnessEvaluator.Attack(CatalogEnvironment.Of(catalog), data, options);
    }

    /// <summary>Sums up a view that <c>AttributionAttack</c> has attacked already.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="attackedData">The view.</param>
    /// <param name="columns">Its columns; those of the default names where null.</param>
    public static AttributionRobustnessMetrics EvaluateAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IDataView attackedData, AttributionRobustnessColumns? columns = null)
    {
        ArgumentNullException.ThrowIfNull(attackedData);
        return AttributionRobustnessEvaluator.Measure(CatalogEnvironment.Of(catalog), attackedData, columns ?? new AttributionRobustnessColumns(), int.MaxValue, null, CancellationToken.None);
    }

    /// <summary>Evaluates the folds of a cross-validation, each with its own model on the rows it was not trained on.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folds">What <c>CrossValidate</c> returned.</param>
    /// <param name="options">What to attack and to measure.</param>
    /// <returns>The metrics of each fold.</returns>
    public static IReadOnlyList<AttributionRobustnessMetrics> EvaluateAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IEnumerable<TrainCatalogBase.CrossValidationResult<MulticlassClassificationMetrics>> folds, AttributionRobustnessOptions options)
    {
        ArgumentNullException.ThrowIfNull(folds);
        return [.. folds.Select(fold => EvaluateAttributionRobustness(catalog, fold.ScoredHoldOutSet, options))];
    }

    /// <summary>Insertion, deletion and, with an attack, adversarial insertion curves over every row.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What to measure; the defaults where null.</param>
    public static PixelCurveMetrics EvaluateInsertionDeletion(this MulticlassClassificationCatalog catalog, IDataView data, PixelCurveOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return PixelCurveEvaluator.Measure(CatalogEnvironment.Of(catalog), data, options ?? new PixelCurveOptions());
    }

    /// <summary>How similar maps stay when their images are disturbed at random, over every row.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What disturbs and what is measured; the defaults where null.</param>
    public static RandomPerturbationMetrics EvaluateRandomPerturbation(
        this MulticlassClassificationCatalog catalog, IDataView data, RandomPerturbationEstimator.Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return RandomPerturbationEvaluator.Measure(CatalogEnvironment.Of(catalog), data, options ?? new());
    }

    /// <summary>Accuracy and explanations under attacks of growing ε, over every row with a label; the images are held in memory.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="curve">The values of ε, attacks and measures; the defaults where null.</param>
    /// <param name="labelColumnName">The key column of true labels.</param>
    /// <param name="scoreColumnName">The column that carries the network.</param>
    /// <param name="seed">Start of the attacks' random draws.</param>
    /// <param name="progress">Called with the images done after each batch; null for none.</param>
    /// <param name="cancellationToken">Stops within one batch.</param>
    public static SecurityCurveMetrics EvaluateSecurityCurve(
        this MulticlassClassificationCatalog catalog,
        IDataView data,
        SecurityCurve? curve = null,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        int seed = 0,
        Action<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return SecurityCurveEvaluator.Measure(CatalogEnvironment.Of(catalog), data, curve ?? new SecurityCurve(), labelColumnName, scoreColumnName, seed, progress, cancellationToken);
    }

    /// <summary>Says how similar the map of each image stays when the image is disturbed at random.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What disturbs, and what is said of the maps; the defaults where null.</param>
    public static RandomPerturbationEstimator RandomPerturbation(this TransformsCatalog catalog, RandomPerturbationEstimator.Options? options = null)
        => new(CatalogEnvironment.Of(catalog), options ?? new());

    /// <summary>Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 28×28 grey images of ten kinds of clothes, with the columns <c>Image</c>, <c>Label</c> and <c>Id</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">
    /// Folder of the four IDX files, plain or .gz; where null that of the environment variable <see cref="FashionMnistOptions.FolderVariable"/>,
    /// else the first of <see cref="FashionMnistOptions.DebianFolder"/> and <see cref="FashionMnistOptions.CacheFolder"/> that has them.
    /// </param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <returns>The view; the files are read with its first row.</returns>
    /// <exception cref="FileNotFoundException">The files are not in that folder, or in none of those.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged; the message names file, position, what was expected and what was found.</exception>
    public static IDataView LoadFashionMnist(
        this DataOperationsCatalog catalog, string? folder = null, FashionMnistSplit split = FashionMnistSplit.Train, FashionMnistOptions? options = null)
        => new DatasetView(
            CatalogEnvironment.Of(catalog),
            IdxImages.Fashion(folder, split),
            new DatasetOptions { ImagesAsMLImage = options?.ImagesAsMLImage ?? false, LabelsAsKey = options?.LabelsAsKey ?? false });

    private static RobustAttributionImageClassificationTrainer.Options Brief(string label, string image, ITrainingObjective? objective, int epochs) => new()
    {
        LabelColumnName = label,
        ImageColumnName = image,
        Objective = objective ?? new LocalGradientAlignment(),
        Epochs = epochs,
    };
}
