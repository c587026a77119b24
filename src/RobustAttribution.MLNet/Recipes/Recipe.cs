using Microsoft.ML;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

/// <summary>One experiment of a paper, complete: data, network, training and evaluation. A pure description; change it with <c>with</c>. See <see cref="KnownRecipes"/>.</summary>
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

    /// <summary>The architecture.</summary>
    public required NetworkArchitecture Network { get; init; }

    /// <summary>The activation of every layer.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Shape and normalisation of the images that the network takes.</summary>
    public required InputSpecification Input { get; init; }

    /// <summary>Objective, optimizer, schedule, epochs, batch size, clipping, augmentation.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>What is measured of the trained network.</summary>
    public required RecipeEvaluation Evaluation { get; init; }

    /// <summary>How images are brought to the network's size. Cropped by default.</summary>
    public ResizePolicy Resize { get; init; } = ResizePolicy.Crop;

    /// <summary>Height and width of training images before the augmentation; null is the network's own size.</summary>
    public (int Height, int Width)? TrainingSize { get; init; }

    /// <summary>Whether the paper starts from pretrained weights, which <see cref="RecipeRunOptions.InitialWeightsPath"/> must then name.</summary>
    public bool NeedsPretrainedWeights { get; init; }

    /// <summary>Opens a part of the data: catalog, folder, part.</summary>
    public required Func<DataOperationsCatalog, string, DatasetSplit, IDataView> Open { get; init; }

    /// <summary>The training images, with the columns <c>Image</c> and <c>Label</c> (a key).</summary>
    /// <param name="context">The context.</param>
    /// <param name="folder">The folder of the dataset's files; see the loader of the set, e.g. <c>LoadCifar10</c>. ImageNet-100: one that holds the folders train and val.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public IDataView LoadTrainingSet(MLContext context, string folder) => Open(Require.NotNull(context, nameof(context)).Data, Require.NotNull(folder, nameof(folder)), DatasetSplit.Train);

    /// <summary>The test images, with the columns <c>Image</c>, <c>Label</c> (a key) and, where the set has boxes, <c>Box</c>.</summary>
    /// <param name="context">The context.</param>
    /// <param name="folder">As for <see cref="LoadTrainingSet"/>.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public IDataView LoadTestSet(MLContext context, string folder) => Open(Require.NotNull(context, nameof(context)).Data, Require.NotNull(folder, nameof(folder)), DatasetSplit.Test);

    /// <summary>The training as options of <c>RobustImageClassification</c>, to change and to use in a pipeline of one's own.</summary>
    public RobustAttributionImageClassificationTrainer.Options CreateTrainerOptions() => new()
    {
        Network = Network,
        Activation = Activation,
        Input = Input,
        Resize = Resize,
        TrainingSize = TrainingSize,
        Objective = Training.Objective,
        Epochs = Training.Epochs,
        BatchSize = Training.BatchSize,
        Optimizer = Training.Optimizer,
        LearningRate = Training.LearningRate,
        Schedule = Training.Schedule,
        GradientClipNorm = Training.GradientClipNorm,
        Augmentation = Training.Augmentation,
        HeadLearningRateFactor = Training.HeadLearningRateFactor,
    };

    /// <summary>
    /// The same recipe with two images in a step, one epoch and single steps of every attack: it takes every path of the code, on a machine without GPU in a minute or so.
    /// <see cref="RecipeRunOptions.DryRun"/> uses it on two batches of training images and two test images.
    /// </summary>
    public Recipe ForDryRun() => this with
    {
        Training = Training with { Epochs = 1, BatchSize = 2, Objective = Training.Objective is SpatialAlignment art ? art with { Attack = art.Attack with { Steps = 1 } } : Training.Objective },
        Evaluation = Evaluation.Shorten(),
    };

    /// <summary>Trains the network and measures it.</summary>
    /// <param name="context">The context; its <c>GpuDeviceId</c> chooses the device.</param>
    /// <param name="folder">As for <see cref="LoadTrainingSet"/>.</param>
    /// <param name="options">How to run; the defaults where null.</param>
    /// <returns>The numbers and the model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">The recipe needs pretrained weights, and none are named.</exception>
    /// <exception cref="FileNotFoundException">A file of the dataset is not there.</exception>
    /// <exception cref="InvalidDataException">A file of the dataset is damaged.</exception>
    public RecipeReport Run(MLContext context, string folder, RecipeRunOptions? options = null)
        => new RecipeRun(this, Require.NotNull(context, nameof(context)), Require.NotNull(folder, nameof(folder)), options ?? new RecipeRunOptions()).Execute();
}
