using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Reporting;
using RobustAttribution.Metrics;
using RobustAttribution.Objectives;

namespace Microsoft.ML;

/// <summary>The trainer, the evaluations and the report: the verbs added to <c>mlContext.MulticlassClassification</c>.</summary>
public static class RobustAttributionMulticlassCatalog
{
    /// <inheritdoc cref="RobustAttributionTransformsCatalog.RobustImageClassification(TransformsCatalog, string, string, ITrainingObjective?,
    /// int)"/>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        ITrainingObjective? objective = null,
        int epochs = 10)
        => new(CatalogEnvironment.Of(catalog), RobustAttributionTransformsCatalog.Brief(labelColumnName, imageColumnName, objective, epochs));

    /// <inheritdoc cref="RobustAttributionTransformsCatalog.RobustImageClassification(TransformsCatalog,
    /// RobustAttributionImageClassificationTrainer.Options)"/>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, RobustAttributionImageClassificationTrainer.Options options)
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
    public static AttributionRobustnessMetrics EvaluateAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, AttributionRobustnessOptions options)
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
        return AttributionRobustnessEvaluator.Read(CatalogEnvironment.Of(catalog), attackedData, columns ?? new AttributionRobustnessColumns());
    }

    /// <summary>Evaluates the folds of a cross-validation, each with its own model on the rows it was not trained on.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folds">What <c>CrossValidate</c> returned.</param>
    /// <param name="options">What to attack and to measure.</param>
    /// <returns>The metrics of each fold, which print their mean and spread.</returns>
    public static AttributionRobustnessFolds EvaluateAttributionRobustness(
        this MulticlassClassificationCatalog catalog,
        IEnumerable<TrainCatalogBase.CrossValidationResult<MulticlassClassificationMetrics>> folds,
        AttributionRobustnessOptions options)
    {
        ArgumentNullException.ThrowIfNull(folds);
        return new AttributionRobustnessFolds([.. folds.Select(fold => EvaluateAttributionRobustness(catalog, fold.ScoredHoldOutSet, options))]);
    }

    /// <summary>Measures one shard of the rows: one of several jobs, whose shards together give the figures of one, to the last digit.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored, the same rows in every job.</param>
    /// <param name="options">What to attack and to measure, the same in every job.</param>
    /// <param name="shard">Which rows: the batches whose number leaves its index, divided by its count.</param>
    public static MeasuredShard MeasureAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, AttributionRobustnessOptions options, Shard shard)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shard);
        return AttributionRobustnessEvaluator.AttackShard(CatalogEnvironment.Of(catalog), data, options, shard);
    }

    /// <summary>The metrics of all rows from the shards that jobs have measured; reads them to compare them, and attacks none.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The view that they measured.</param>
    /// <param name="options">What they attacked and measured.</param>
    /// <param name="shards">Each of them once, in any order.</param>
    /// <exception cref="ArgumentException">
    /// One is missing, there twice, or of another model, view or option; the message names the shard and what is other.
    /// </exception>
    public static AttributionRobustnessMetrics MergeAttributionRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, AttributionRobustnessOptions options, IReadOnlyList<MeasuredShard> shards)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shards);
        return AttributionRobustnessEvaluator.Attack(CatalogEnvironment.Of(catalog), data, options, shards);
    }

    /// <summary>Insertion, deletion and, with an attack, adversarial insertion curves over every row.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What to measure; the defaults where null.</param>
    public static PixelCurveMetrics EvaluateInsertionDeletion(
        this MulticlassClassificationCatalog catalog, IDataView data, PixelCurveOptions? options = null)
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

    /// <summary>
    /// Whether maps depend on the network's parameters, layer by layer, and on the class, and how similar they stay under attacks of growing ε, over
    /// every row.
    /// </summary>
    /// <remarks>The network's parameters change meanwhile and are restored bit for bit; whoever else scores with the model waits.</remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network. A hundred rows are enough.</param>
    /// <param name="checks">What is checked and what passes; the defaults where null.</param>
    /// <param name="scoreColumnName">The column that carries the network.</param>
    /// <param name="imageColumnName">The column of images; null for the one that the network was trained on.</param>
    /// <exception cref="ArgumentException">The view has no row, or an option does not fit the network.</exception>
    public static SanityReport EvaluateSaliencySanity(
        this MulticlassClassificationCatalog catalog,
        IDataView data,
        SanityChecks? checks = null,
        string scoreColumnName = "Score",
        string? imageColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return SaliencySanityEvaluator.Measure(CatalogEnvironment.Of(catalog), data, checks ?? new SanityChecks(), scoreColumnName, imageColumnName);
    }

    /// <summary>Accuracy and explanations under attacks of growing ε, over every row with a label.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="curve">The values of ε, attacks and measures; the defaults where null.</param>
    /// <param name="labelColumnName">The key column of true labels.</param>
    public static SecurityCurveMetrics EvaluateSecurityCurve(
        this MulticlassClassificationCatalog catalog, IDataView data, SecurityCurve? curve = null, string labelColumnName = "Label")
        => EvaluateSecurityCurve(
            catalog, data, new SecurityCurveOptions { Curve = curve ?? new SecurityCurve(), LabelColumnName = labelColumnName });

    /// <summary>Accuracy and explanations under attacks of growing ε, over every row with a label.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What to attack and to measure.</param>
    public static SecurityCurveMetrics EvaluateSecurityCurve(
        this MulticlassClassificationCatalog catalog, IDataView data, SecurityCurveOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return SecurityCurveEvaluator.Measure(CatalogEnvironment.Of(catalog), data, options);
    }

    /// <summary>
    /// Attacks the explanations of a classifier with an ensemble of attacks, takes the worst of each image, and says what speaks against the result.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored: its Score column carries the network.</param>
    /// <param name="options">What to attack and to measure; the defaults where null.</param>
    public static WorstCaseMetrics EvaluateWorstCaseRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, WorstCaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return WorstCaseEvaluator.Measure(CatalogEnvironment.Of(catalog), data, options ?? new WorstCaseOptions());
    }

    /// <summary>Measures one shard of the rows in the worst case; see <see cref="MeasureAttributionRobustness"/>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view that the model has scored, the same rows in every job.</param>
    /// <param name="options">What to attack and to measure, the same in every job.</param>
    /// <param name="shard">Which rows.</param>
    public static MeasuredShard MeasureWorstCaseRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, WorstCaseOptions options, Shard shard)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shard);
        return WorstCaseEvaluator.MeasureShard(CatalogEnvironment.Of(catalog), data, options, shard);
    }

    /// <summary>The worst case of all rows from the shards that jobs have measured; reads them to compare them, and attacks none.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The view that they measured.</param>
    /// <param name="options">What they attacked and measured.</param>
    /// <param name="shards">Each of them once, in any order.</param>
    /// <exception cref="ArgumentException">One is missing, there twice, or of another model, view or option; the message names it.</exception>
    public static WorstCaseMetrics MergeWorstCaseRobustness(
        this MulticlassClassificationCatalog catalog, IDataView data, WorstCaseOptions options, IReadOnlyList<MeasuredShard> shards)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shards);
        return WorstCaseEvaluator.Measure(CatalogEnvironment.Of(catalog), data, options, shards);
    }

    /// <summary>Attacks and measures a trained model and makes a page of what came of it.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">A fitted or loaded model with <c>RobustImageClassification</c> in it.</param>
    /// <param name="data">Images with labels, as the model takes them.</param>
    /// <param name="options">What to measure and show; the defaults where null.</param>
    /// <returns>The report; <see cref="RobustAttribution.MLNet.RobustnessReport.Save"/> writes it.</returns>
    public static RobustnessReport RobustnessReport(
        this MulticlassClassificationCatalog catalog, ITransformer model, IDataView data, RobustnessReportOptions? options = null)
        => RobustnessReport(catalog, [("model", model)], data, options);

    /// <summary>Attacks and measures trained models on the same images and makes a page that compares them.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">
    /// Fitted or loaded models with <c>RobustImageClassification</c> in them, and what the report calls each; names must be unique.
    /// </param>
    /// <param name="data">Images with labels, as the models take them.</param>
    /// <param name="options">What to measure and show; the defaults where null.</param>
    /// <returns>The report; <see cref="RobustAttribution.MLNet.RobustnessReport.Save"/> writes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit a model; the message names it.</exception>
    /// <exception cref="ArgumentException">There is no model or no row with image and label, or an option does not fit the images.</exception>
    public static RobustnessReport RobustnessReport(
        this MulticlassClassificationCatalog catalog,
        IReadOnlyList<(string Name, ITransformer Model)> models,
        IDataView data,
        RobustnessReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(data);
        return RobustnessReporter.Create(CatalogEnvironment.Of(catalog), models, data, options ?? new RobustnessReportOptions());
    }

    /// <summary>Measures one shard of the images of a report; see <see cref="MeasureAttributionRobustness"/>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">As for the report, the same in every job.</param>
    /// <param name="data">Images with labels, the same in every job.</param>
    /// <param name="options">What to measure and show, the same in every job.</param>
    /// <param name="shard">Which images.</param>
    public static MeasuredShard MeasureRobustnessReport(
        this MulticlassClassificationCatalog catalog,
        IReadOnlyList<(string Name, ITransformer Model)> models,
        IDataView data,
        RobustnessReportOptions options,
        Shard shard)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shard);
        return RobustnessReporter.MeasureShard(CatalogEnvironment.Of(catalog), models, data, options, shard);
    }

    /// <summary>Makes the page from the shards that jobs have measured; attacks nothing.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">Those that they measured.</param>
    /// <param name="data">The images that they measured.</param>
    /// <param name="options">What they measured.</param>
    /// <param name="shards">Each of them once, in any order.</param>
    /// <exception cref="ArgumentException">One is missing, there twice, or of other models, images or options; the message names it.</exception>
    public static RobustnessReport MergeRobustnessReport(
        this MulticlassClassificationCatalog catalog,
        IReadOnlyList<(string Name, ITransformer Model)> models,
        IDataView data,
        RobustnessReportOptions options,
        IReadOnlyList<MeasuredShard> shards)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shards);
        return RobustnessReporter.Create(CatalogEnvironment.Of(catalog), models, data, options, shards);
    }

    /// <summary>Says how well the boxes of <c>SaliencyLocalization</c> find the objects.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">A view with labels, predicted labels, true boxes and predicted boxes.</param>
    /// <param name="columns">Their names; the default ones where null.</param>
    /// <param name="validationData">
    /// Other rows, with the same columns, on which the best threshold is chosen; where null the first threshold of the column is taken.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A column is missing or of another type, or the validation data have no rows or other thresholds.
    /// </exception>
    public static LocalizationMetrics EvaluateLocalization(
        this MulticlassClassificationCatalog catalog, IDataView data, LocalizationColumns? columns = null, IDataView? validationData = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return LocalizationEvaluator.Measure(CatalogEnvironment.Of(catalog), data, columns ?? new(), validationData);
    }
}
