using Microsoft.ML;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet;

/// <summary>
/// One experiment of a paper, complete: data, network, training and evaluation. A pure description; change it with <c>with</c>. See
/// <see cref="KnownRecipes"/>.
/// </summary>
/// <example>
/// <code>
/// var context = new MLContext(seed: 1) { GpuDeviceId = 0 };
/// using RecipeReport report = KnownRecipes.AgaCifar10ResNet18.Run(context, "data/cifar10");
/// Console.WriteLine(report);
/// </code>
/// </example>
public sealed record Recipe
{
    /// <summary>A short name for command lines: method, dataset, network.</summary>
    public required string Name { get; init; }

    /// <summary>The paper, and where the settings come from.</summary>
    public required string Source { get; init; }

    /// <summary>The dataset.</summary>
    public required DatasetInfo Data { get; init; }

    /// <summary>Network, images and training, as <c>RobustImageClassification</c> takes them in a pipeline of your own.</summary>
    public required RobustAttributionImageClassificationTrainer.Options Training { get; init; }

    /// <summary>What is measured of the trained network.</summary>
    public required RecipeEvaluation Evaluation { get; init; }

    /// <summary>Whether the paper starts from pretrained weights; <see cref="RecipeRunOptions.InitialWeightsPath"/> is required then.</summary>
    public bool NeedsPretrainedWeights { get; init; }

    /// <summary>Opens a part of the data: catalog, folder, part.</summary>
    public required Func<DataOperationsCatalog, string, DatasetSplit, IDataView> Open { get; init; }

    /// <summary>The training images, with the columns <c>Image</c> and <c>Label</c> (a key).</summary>
    /// <param name="context">The context.</param>
    /// <param name="folder">
    /// The folder of the dataset's files; see its loader, e.g. <c>LoadCifar10</c>. ImageNet-100: a folder that contains the folders train and val.
    /// </param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public IDataView LoadTrainingSet(MLContext context, string folder) => Load(context, folder, DatasetSplit.Train);

    /// <summary>
    /// The test images, with the columns <c>Image</c>, <c>Label</c> (a key) and, where the dataset has boxes, <c>Box</c>.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="folder">As for <see cref="LoadTrainingSet"/>.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public IDataView LoadTestSet(MLContext context, string folder) => Load(context, folder, DatasetSplit.Test);

    /// <summary>The same recipe with two images in a step, one epoch and single steps of every attack.</summary>
    /// <remarks>
    /// <see cref="RecipeRunOptions.DryRun"/> uses it on two batches of training images and two test images: all of the code in a minute or so
    /// without a GPU.
    /// </remarks>
    public Recipe ForDryRun()
    {
        ITrainingObjective objective =
            Training.Objective is SpatialAlignment art ? art with { Attack = art.Attack with { Steps = 1 } } : Training.Objective;
        return this with { Training = Training with { Epochs = 1, BatchSize = 2, Objective = objective }, Evaluation = Evaluation.Shorten() };
    }

    /// <summary>Trains the network and measures it.</summary>
    /// <param name="context">The context; its <c>GpuDeviceId</c> chooses the device.</param>
    /// <param name="folder">As for <see cref="LoadTrainingSet"/>.</param>
    /// <param name="options">How to run; the defaults where null.</param>
    /// <returns>The numbers and the model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">The recipe needs pretrained weights, and none are named.</exception>
    /// <exception cref="FileNotFoundException">A file of the dataset is not there.</exception>
    /// <exception cref="InvalidDataException">A file of the dataset is damaged.</exception>
    public RecipeReport Run(MLContext context, string folder, RecipeRunOptions? options = null)
        => new RecipeRun(this, Require.NotNull(context, nameof(context)), Require.NotNull(folder, nameof(folder)), options ?? new()).Execute();

    private IDataView Load(MLContext context, string folder, DatasetSplit split)
        => Open(Require.NotNull(context, nameof(context)).Data, Require.NotNull(folder, nameof(folder)), split);
}
