using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace Microsoft.ML;

/// <summary>Training, explaining and attacking: the verbs added to <c>mlContext.Transforms</c>.</summary>
public static class RobustAttributionTransformsCatalog
{
    /// <summary>Trains an image classifier with robust saliency maps: adds <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The images, vectors of C×H×W values in 0…255. MLImage columns need the overload with options.</param>
    /// <param name="objective">What is minimised; <see cref="LocalGradientAlignment"/> where null.</param>
    /// <param name="epochs">Passes over the training set.</param>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this TransformsCatalog catalog,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        ITrainingObjective? objective = null,
        int epochs = 10)
        => new(CatalogEnvironment.Of(catalog), Brief(labelColumnName, imageColumnName, objective, epochs));

    /// <summary>Trains an image classifier with robust saliency maps: adds <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What to train and how.</param>
    public static RobustAttributionImageClassificationTrainer RobustImageClassification(
        this TransformsCatalog catalog, RobustAttributionImageClassificationTrainer.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>
    /// Makes a classifier of a finished network, with no training: adds <c>PredictedLabel</c> and <c>Score</c>, in evaluation mode, of exactly its
    /// weights.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="network">
    /// A network that <see cref="ImageNetwork.Create"/> or <see cref="NetworkCard.Build"/> made. Stays the caller's, who may dispose of it after
    /// <c>Fit</c>: each model has a copy.
    /// </param>
    /// <param name="classNames">The names of the network's outputs, in their order.</param>
    /// <param name="options">Where images, scores and labels are; the defaults where null.</param>
    /// <exception cref="ArgumentException">The names do not fit the network, or it has no finite logit for each class.</exception>
    /// <exception cref="NotSupportedException">The network could not be saved, e.g. because it was handed in as a module.</exception>
    public static RobustAttributionModelEstimator RobustImageClassificationFromNetwork(
        this TransformsCatalog catalog,
        ImageNetwork network,
        IReadOnlyList<string> classNames,
        RobustAttributionModelEstimator.Options? options = null)
        => new(CatalogEnvironment.Of(catalog), network, classNames, options);

    /// <summary>
    /// Makes a classifier of a file of finished weights, with no training: adds <c>PredictedLabel</c> and <c>Score</c>, in evaluation mode.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="architecture">The architecture, one of the library's or a record of your own.</param>
    /// <param name="weightsPath">
    /// All its parameters and buffers: safetensors (of this library, or of PyTorch), or what TorchSharp's <c>Module.save</c> wrote (.dat). Read by
    /// <c>Fit</c>.
    /// </param>
    /// <param name="input">Shape and normalisation of the images that the network was trained with.</param>
    /// <param name="classNames">The names of the network's outputs, in their order.</param>
    /// <param name="activation">
    /// The activation of every exchangeable place; null leaves each module its own, which is ReLU in the library's architectures.
    /// </param>
    /// <param name="options">Where images, scores and labels are; the defaults where null.</param>
    /// <exception cref="ArgumentException">An argument is outside its range; the message names it.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static RobustAttributionModelEstimator RobustImageClassificationFromNetwork(
        this TransformsCatalog catalog,
        NetworkArchitecture architecture,
        string weightsPath,
        InputSpecification input,
        IReadOnlyList<string> classNames,
        Activation? activation = null,
        RobustAttributionModelEstimator.Options? options = null)
        => new(CatalogEnvironment.Of(catalog), architecture, weightsPath, input, classNames, activation, options);

    /// <summary>Adds saliency maps of the network that trained or loaded <c>RobustImageClassification</c> left in the Score column.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="outputColumnName">The new column, vectors of H×W values.</param>
    /// <param name="method">The attribution; the input gradient where null.</param>
    /// <param name="reduction">How it becomes a map; magnitudes summed over the channels where null.</param>
    /// <param name="target">The class explained; the predicted one where null.</param>
    public static SaliencyEstimator Saliency(
        this TransformsCatalog catalog,
        string outputColumnName = "Saliency",
        IAttributionMethod? method = null,
        MapReduction? reduction = null,
        SaliencyTarget? target = null)
        => new(
            CatalogEnvironment.Of(catalog),
            new()
            {
                OutputColumnName = outputColumnName,
                Method = method ?? new InputGradient(),
                Reduction = reduction ?? new(),
                Target = target ?? SaliencyTarget.Predicted,
            });

    /// <summary>Adds saliency maps of the network that trained or loaded <c>RobustImageClassification</c> left in the Score column.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What to explain and how.</param>
    public static SaliencyEstimator Saliency(this TransformsCatalog catalog, SaliencyEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>
    /// Attacks the explanations of the network in the Score column: adds the attacked images, and how similar the maps before and after are.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="attack">The attack; <see cref="TopKAttack"/> with its defaults where null.</param>
    /// <param name="outputColumnName">The new column of attacked images.</param>
    public static AttributionAttackEstimator AttributionAttack(
        this TransformsCatalog catalog, IAttributionAttack? attack = null, string outputColumnName = "AttackedImage")
        => new(CatalogEnvironment.Of(catalog), new() { Attack = attack ?? new TopKAttack(), OutputColumnName = outputColumnName });

    /// <summary>
    /// Attacks the explanations of the network in the Score column: adds the attacked images, and how similar the maps before and after are.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">Which attack, and which columns of its result.</param>
    public static AttributionAttackEstimator AttributionAttack(this TransformsCatalog catalog, AttributionAttackEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);

    /// <summary>Computes how similar the map of each image stays when the image is perturbed at random.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">Which perturbations, and how the maps are compared; the defaults where null.</param>
    public static RandomPerturbationEstimator RandomPerturbation(this TransformsCatalog catalog, RandomPerturbationEstimator.Options? options = null)
        => new(CatalogEnvironment.Of(catalog), options ?? new());

    /// <summary>
    /// Certifies pixel by pixel which ones stay among the most salient, and which stay out, under any perturbation of the image within an L2 ball.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">What to certify and how; the defaults where null: 100 noisy copies of each image, gradients.</param>
    public static CertifiedSaliencyEstimator CertifiedSaliency(this TransformsCatalog catalog, CertifiedSaliencyEstimator.Options? options = null)
        => new(CatalogEnvironment.Of(catalog), options ?? new());

    internal static RobustAttributionImageClassificationTrainer.Options Brief(
        string label, string image, ITrainingObjective? objective, int epochs) => new()
    {
        LabelColumnName = label,
        ImageColumnName = image,
        Objective = objective ?? new LocalGradientAlignment(),
        Epochs = epochs,
    };

    /// <summary>Adds the box of the object that a saliency map shows: smoothing, threshold, largest connected region (Singh et al. 2020).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="outputColumnName">The new column of boxes: left, top, right, bottom in the pixels of the images.</param>
    /// <param name="mapColumnName">The column of maps.</param>
    /// <param name="imageColumnName">The column of images; null takes the maps' own cells.</param>
    /// <param name="threshold">Share of a map's maximum that a cell must reach, from 0 to 1.</param>
    public static SaliencyLocalizationEstimator SaliencyLocalization(
        this TransformsCatalog catalog,
        string outputColumnName = "PredictedBox",
        string mapColumnName = "Saliency",
        string? imageColumnName = "Image",
        double threshold = 0.2)
        => new(
            CatalogEnvironment.Of(catalog),
            new()
            {
                OutputColumnName = outputColumnName,
                MapColumnName = mapColumnName,
                ImageColumnName = imageColumnName,
                Thresholds = [threshold],
            });

    /// <summary>Adds the box of the object that a saliency map shows: smoothing, threshold, largest connected region (Singh et al. 2020).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">How maps become boxes.</param>
    public static SaliencyLocalizationEstimator SaliencyLocalization(this TransformsCatalog catalog, SaliencyLocalizationEstimator.Options options)
        => new(CatalogEnvironment.Of(catalog), options);
}
