using Microsoft.ML;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

public sealed partial class RobustAttributionImageClassificationTrainer
{
    internal const long DefaultCacheBudget = 2L << 30;

    /// <summary>What to train and how. Each option checks its value when it is set.</summary>
    public sealed class Options
    {
        /// <summary>The label column, a key (see <c>MapValueToKey</c>). "Label" by default.</summary>
        public string LabelColumnName { get; set => field = Require.NotNull(value); } = "Label";

        /// <summary>The column of images: MLImage of any size, or a vector of C×H×W floats or bytes. "Image" by default.</summary>
        public string ImageColumnName { get; set => field = Require.NotNull(value); } = "Image";

        /// <summary>The new column of class probabilities, which also carries the network to later transformers. "Score" by default.</summary>
        public string ScoreColumnName { get; set => field = Require.NotNull(value); } = "Score";

        /// <summary>The new column of predicted labels. "PredictedLabel" by default.</summary>
        public string PredictedLabelColumnName { get; set => field = Require.NotNull(value); } = "PredictedLabel";

        /// <summary>Range of the pixels in a vector column. 0…255 by default, as <c>ExtractPixels</c> makes them.</summary>
        public PixelScale PixelScale { get; set; } = PixelScale.Bytes;

        /// <summary>What happens to MLImages that do not have the network's size. Cropped by default.</summary>
        public ResizePolicy Resize { get; set; } = ResizePolicy.Crop;

        /// <summary>
        /// Shape and normalisation of the images that the network takes. By default the shape of the vector column, mean and deviation 0.5. MLImage columns need it:
        /// it is the size they are brought to; one channel makes them grey.
        /// </summary>
        public InputSpecification? Input { get; set; }

        /// <summary>
        /// Height and width to which training images are brought before the <see cref="Augmentation"/>, which must cut them to the network's size, e.g. 256×256 before a random crop of
        /// 224×224; vectors must have it. Null, the default, is the network's own size. Not together with <see cref="ValidationSetFraction"/>.
        /// </summary>
        public (int Height, int Width)? TrainingSize { get; set => field = value is var (height, width) ? (Require.InRange(height, 1), Require.InRange(width, 1)) : null; }

        /// <summary>
        /// The architecture, one of the library's or a record of your own. <see cref="NetworkArchitecture.SmallConvNet"/> by default. Before the training a
        /// forward pass of two images must give one finite logit for each class, and what a model file will hold must be writable: a record of your own is
        /// registered with <see cref="RobustAttribution.Serialization.ComponentJson"/>.
        /// </summary>
        public NetworkArchitecture Network { get; set => field = Require.NotNull(value); } = NetworkArchitecture.SmallConvNet;

        /// <summary>
        /// The activation of every exchangeable place (<see cref="ImageNetwork.HasSwitchableActivation"/>). By default what the objective's paper trains with
        /// (softplus β = 3 for AGA), ReLU where it says nothing; a network without such a place keeps its own then, and asking for another one is an error.
        /// </summary>
        public Activation? Activation { get; set; }

        /// <summary>What is minimised. <see cref="LocalGradientAlignment"/> (AGA) by default.</summary>
        public ITrainingObjective Objective { get; set => field = Require.NotNull(value); } = new LocalGradientAlignment();

        /// <summary>Passes over the training set, at least 1. 10 by default.</summary>
        public int Epochs { get; set => field = Require.InRange(value, 1); } = 10;

        /// <summary>Images in a training step, and in a computation when scoring, at least 1. 128 by default (AGA).</summary>
        public int BatchSize { get; set => field = Require.InRange(value, 1); } = 128;

        /// <summary>How gradients change the parameters. AdamW by default (AGA).</summary>
        public IOptimizer Optimizer { get; set => field = Require.NotNull(value); } = new AdamW();

        /// <summary>Learning rate before the schedule, above 0. 1e-3 by default (AGA).</summary>
        public double LearningRate { get; set => field = Require.Positive(value); } = 1e-3;

        /// <summary>Pull of the parameters towards 0, at least 0; null leaves the optimizer's own. Null by default.</summary>
        public double? WeightDecay { get; set => field = value is null ? null : Require.NonNegative(value.Value); }

        /// <summary>Epochs after which the learning rate falls to a tenth, as AGA's; null for none. Not together with <see cref="Schedule"/>. Null by default.</summary>
        public IReadOnlyList<int>? Milestones { get; set; }

        /// <summary>How the learning rate changes; null keeps it. Null by default.</summary>
        public ILearningRateSchedule? Schedule { get; set; }

        /// <summary>Gradients of a larger norm are scaled down to this one, above 0; null never. Null by default; AGA uses 0.5.</summary>
        public double? GradientClipNorm { get; set => field = value is null ? null : Require.Positive(value.Value); }

        /// <summary>Random changes of the training images; null for none. Null by default.</summary>
        public Augmentation? Augmentation { get; set; }

        /// <summary>Weight of each class in the cross-entropy, in the order of the label's key values, each at least 0; null weighs all alike. Null by default.</summary>
        public IReadOnlyList<double>? ClassWeights { get; set; }

        /// <summary>The head learns this much faster than the rest, above 0. 1 by default; ART uses 10 for CUB.</summary>
        public double HeadLearningRateFactor { get; set => field = Require.Positive(value); } = 1;

        /// <summary>
        /// A safetensors file (of this library, or of PyTorch) with weights to start from; tensors that it lacks or has in another shape, such as the head for other
        /// classes, start fresh, and the log says which. Null, the default, starts all fresh.
        /// </summary>
        public string? InitialWeightsPath { get; set; }

        /// <summary>Names of the network's modules that are not trained; null for none. Null by default.</summary>
        public IReadOnlyList<string>? FrozenModules { get; set; }

        /// <summary>A view with the same columns whose images judge the network after each epoch. Null by default.</summary>
        public IDataView? ValidationSet { get; set; }

        /// <summary>Share of the training rows, above 0 and below 1, that is held out to judge the network after each epoch; null for none. Null by default. Not together with <see cref="ValidationSet"/>.</summary>
        public double? ValidationSetFraction { get; set => field = value is null or (> 0 and < 1) ? value : throw new ArgumentOutOfRangeException(nameof(ValidationSetFraction), value, $"ValidationSetFraction is {value}; allowed is a number above 0 and below 1."); }

        /// <summary>When to end before <see cref="Epochs"/>; null for never. Null by default. Needs a validation set.</summary>
        public EarlyStopping? EarlyStopping { get; set; }

        /// <summary>Called on the training thread with a <see cref="BatchProgress"/> now and then, a <see cref="ValidationProgress"/> and an <see cref="EpochProgress"/> for each epoch. Null by default.</summary>
        public Action<TrainingProgress>? MetricsCallback { get; set; }

        /// <summary>Shortest time between two <see cref="BatchProgress"/>, at least 0. A quarter of a second by default.</summary>
        public TimeSpan ProgressInterval { get; set => field = TimeSpan.FromSeconds(Require.NonNegative(value.TotalSeconds)); } = TimeSpan.FromSeconds(0.25);

        /// <summary>Start of all randomness: initial weights, order, augmentation, objective, hold-out. By default the seed of the MLContext, and another one each time where it has none.</summary>
        public int? Seed { get; set; }

        /// <summary>
        /// Where and how often the training is written down, so that it can go on after a crash bit for bit; null, the default, for never. Needs a seed. Fitting again with
        /// the same options, data and folder resumes it.
        /// </summary>
        public CheckpointOptions? Checkpoints { get; set; }

        /// <summary>Memory that decoded images may take, in bytes, at least 1. Above it they are decoded again in each epoch, on several threads, and half of it is a buffer for mixing them. 2 GiB by default.</summary>
        public long CacheBudgetInBytes { get; set => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(CacheBudgetInBytes), value, $"CacheBudgetInBytes is {value}; allowed is a whole number of at least 1."); } = DefaultCacheBudget;

        /// <summary>
        /// CPU threads of libtorch while training, at least 1; the former number is back afterwards. Null, the default, leaves the process's number: every
        /// core, unless OMP_NUM_THREADS, MKL_NUM_THREADS or <see cref="TorchSharp.torch.set_num_threads"/> says otherwise.
        /// </summary>
        public int? Threads { get; set => field = value is null ? null : Require.InRange(value.Value, 1); }

        /// <summary>What happens to rows without label or readable image. Fail by default.</summary>
        public BrokenRows BrokenRows { get; set; } = BrokenRows.Fail;

        /// <summary>Stops the training within one step.</summary>
        public CancellationToken CancellationToken { get; set; }

        /// <summary>What comes of a training that was stopped. <see cref="OperationCanceledException"/> by default.</summary>
        public CancellationBehavior OnCancellation { get; set; }

        internal Options Copy() => (Options)MemberwiseClone();
    }
}
