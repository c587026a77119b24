using System.Text.Json.Serialization;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;

namespace RobustAttribution.Training;

/// <summary>What the network is left with when a training is cancelled.</summary>
public enum CancellationBehavior
{
    /// <summary><see cref="OperationCanceledException"/>; the network has the weights of the last step.</summary>
    Throw,

    /// <summary>The training ends as if it were done, with the weights of the last step.</summary>
    KeepLatest,

    /// <summary>
    /// The training ends as if it were done, with the weights of the best epoch so far (of the last step where no epoch is done). Where the last
    /// step was not finite a <see cref="TrainingWarning"/> says so.
    /// </summary>
    KeepBest,
}

/// <summary>The type in which a training step computes convolutions and linear layers.</summary>
public enum Precision
{
    /// <summary>32 bits: the network's own type.</summary>
    Float32,

    /// <summary>
    /// bfloat16, of 8 significant bits: faster where the processor multiplies it (AVX512-BF16, AMX, GPUs from Ampere on), slower elsewhere.
    /// </summary>
    BFloat16,
}

/// <summary>
/// Everything that decides how <see cref="RobustTrainer"/> trains. Checkpoints contain it, and a training resumes only where it is the same.
/// </summary>
public record TrainingOptions
{
    internal const int LargestDefaultBatch = 128; // AGA
    internal const int ManyImages = LargestDefaultBatch * LeastStepsPerEpoch; // from here on the defaults of the papers
    private const int SmallestDefaultBatch = 8, LeastStepsPerEpoch = 32;
    private const double LargestClassWeight = 1e9; // of which float32 can hold sums

    /// <summary>What is minimised. Cross-entropy by default.</summary>
    public ITrainingObjective Objective { get; init => field = Require.NotNull(value); } = new CrossEntropy();

    /// <summary>Passes over the training set, at least 1. 10 by default; AGA trains 200 and ART 101 on CIFAR-10.</summary>
    public int Epochs { get; init => field = Require.InRange(value, 1); } = 10;

    /// <summary>
    /// Images in each step, 1 to 65,536; a pass may end with fewer. Null, the default, follows the number of training images: 128 (AGA) from 4,096
    /// on,
    /// below it the largest power of two that gives 32 steps in each epoch, at least 8.
    /// </summary>
    /// <remarks>
    /// Few images in large batches are few steps, after which a network still guesses. One or more are added to a smaller default where the last
    /// batch would have one image.
    /// A batch of one image is refused where a batch normalisation gets one value per channel from it: before the first step, or at the step where
    /// the source does not have as many images as it says.
    /// </remarks>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary>How gradients change the parameters. AdamW by default (AGA).</summary>
    public IOptimizer Optimizer { get; init => field = Require.NotNull(value); } = new AdamW();

    /// <summary>Learning rate before the schedule, above 0. 1e-3 by default (AGA); ART uses 0.1 with <see cref="Sgd"/>.</summary>
    public double LearningRate { get; init => field = Require.Positive(value); } = 1e-3;

    /// <summary>How the learning rate changes. Constant by default.</summary>
    public ILearningRateSchedule Schedule { get; init => field = Require.NotNull(value); } = new ConstantSchedule();

    /// <summary>
    /// Gradients of a larger Euclidean norm, taken over all parameters together, are scaled down to this one; above 0, null never. Null by default;
    /// AGA uses 0.5.
    /// </summary>
    public double? GradientClipNorm { get; init => field = value is null ? null : Require.Positive(value.Value); }

    /// <summary>Random changes of the training images; null for none. Null by default.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>When to end before <see cref="Epochs"/>; null for never. Null by default. Needs a validation set.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>Where and how often the training writes checkpoints, so that it can be resumed bit for bit; null, the default, for never.</summary>
    /// <remarks>
    /// Objective, augmentation and the like must then be types of this library, or be registered with <see cref="ComponentJson.Register{T}"/>.
    /// </remarks>
    public CheckpointOptions? Checkpoints { get; init; }

    /// <summary>Start of all randomness of the training: order, augmentation, draws of the objective. Null, the default, is 0.</summary>
    /// <remarks>
    /// The initial weights are the network's own, and a network with dropout draws from TorchSharp's global generator; neither follows this seed.
    /// </remarks>
    public long? Seed { get; init; }

    /// <summary>
    /// Weight of each class in the cross-entropy, each from 0 to 1e9 and one at least above 0, one for each class of the network; null weighs all
    /// alike. Null by default.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights
    {
        get;
        init => field = value is null ? null : [.. value.Select(weight => Require.InRange(weight, 0, LargestClassWeight, nameof(ClassWeights)))];
    }

    /// <summary>The learning rate of the head is multiplied by this, above 0. 1 by default; ART uses 10 for CUB.</summary>
    public double HeadLearningRateFactor { get; init => field = Require.Positive(value); } = 1;

    /// <summary>
    /// Name of the module whose parameters are the head, e.g. "fc"; null is the module that holds the network's last parameter. Null by default.
    /// </summary>
    [JsonPropertyName("headPrefix")]
    public string? HeadModule { get; init; }

    /// <summary>
    /// Names of modules (or parameters) that are not trained, e.g. "conv1", "layer1"; null for none. Null by default.
    /// Frozen modules run in evaluation mode, so their batch-norm statistics stay too.
    /// </summary>
    [JsonPropertyName("frozenPrefixes")]
    public IReadOnlyList<string>? FrozenModules { get; init => field = value is null ? null : [.. value]; }

    /// <summary>
    /// The type in which a step, with the attacks within it, computes convolutions and linear layers. <see cref="Precision.Float32"/> by default.
    /// </summary>
    /// <remarks>
    /// With <see cref="Precision.BFloat16"/> losses, gradients at the images, statistics of normalisations, weights and their updates stay float32;
    /// so do validation, checkpoints and the trained network. See docs/how-to/train-faster.md.
    /// </remarks>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] // checkpoints written before it existed stay resumable
    public Precision Precision { get; init => field = Require.Defined(value); }

    /// <summary>
    /// The processes that train together, each on its share of every batch; <see cref="Communicator.Single"/>, this one alone, by default.
    /// </summary>
    /// <remarks>
    /// All give the same options, network and images, and get the same weights bit for bit; rank 0 reports and writes the checkpoints. Batch
    /// normalisations take the statistics of a rank's own share. See docs/how-to/train-on-several-machines.md.
    /// </remarks>
    [JsonIgnore]
    public ICommunicator Communicator { get; init => field = Require.NotNull(value); } = RobustAttribution.Communicator.Single;

    /// <summary>What happens when the training is cancelled. <see cref="CancellationBehavior.Throw"/> by default.</summary>
    public CancellationBehavior OnCancellation { get; init; }

    /// <summary>
    /// Shortest time between two <see cref="BatchProgress"/> reports, at least 0. Reading numbers waits for the device, so a quarter of a second by
    /// default; 0 reports each step.
    /// </summary>
    public TimeSpan ProgressInterval
    {
        get;
        init
        {
            Require.NonNegative(value.TotalSeconds);
            field = value;
        }
    }
    = TimeSpan.FromSeconds(0.25);

    /// <summary><see cref="BatchSize"/>, or its default for a number of training images.</summary>
    internal int BatchSizeFor(long images)
    {
        if (BatchSize is { } given)
        {
            return given;
        }

        int size = LargestDefaultBatch;
        while (size > SmallestDefaultBatch && images < (long)size * LeastStepsPerEpoch)
        {
            size /= 2;
        }

        while (size < LargestDefaultBatch && images > size && images % size == 1) // alone, an image has no batch statistics
        {
            size++;
        }

        return size;
    }

    /// <summary>Throws unless <see cref="ClassWeights"/>, <see cref="HeadModule"/> and <see cref="FrozenModules"/> fit a network.</summary>
    /// <exception cref="ArgumentException">One does not; the message names the option, its value and what is allowed.</exception>
    internal void CheckAgainst(ImageNetwork network)
    {
        if (ClassWeights is { } weights && weights.Count != network.ClassCount)
        {
            throw new ArgumentException(
                $"{nameof(ClassWeights)} has {weights.Count} values; allowed is one for each of the network's {network.ClassCount} classes.");
        }

        if (ClassWeights?.All(weight => weight == 0) == true)
        {
            throw new ArgumentException($"{nameof(ClassWeights)} are all 0; allowed is at least one above 0.");
        }

        TrainedParameters.Of(network, this);
    }
}
