using Microsoft.ML;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

public sealed partial class RobustAttributionImageClassificationTrainer
{
    internal const long DefaultCacheBudget = 2L << 30;

    /// <summary>
    /// What to train and how: the options of every training, and the columns, network and images of this one.
    /// <see cref="TrainingOptions.Objective"/> is <see cref="LocalGradientAlignment"/> (AGA) by default.
    /// </summary>
    /// <remarks>
    /// <see cref="TrainingOptions.Seed"/> also decides initial weights and hold-out; null takes the seed of the MLContext, and another one each time
    /// where it has none, which <see cref="TrainingOptions.Checkpoints"/> do not allow. <see cref="TrainingOptions.BatchSize"/> is used for scoring
    /// too, which takes 128 where it is null.
    /// </remarks>
    public sealed record Options : TrainingOptions
    {
        /// <summary>The defaults.</summary>
        public Options() => Objective = new LocalGradientAlignment();

        /// <summary>The label column, a key (see <c>MapValueToKey</c>). "Label" by default.</summary>
        public string LabelColumnName { get; init => field = Require.NotNull(value); } = "Label";

        /// <summary>The column of images: MLImage of any size, or a vector of C×H×W floats or bytes. "Image" by default.</summary>
        public string ImageColumnName { get; init => field = Require.NotNull(value); } = "Image";

        /// <summary>The new column of class probabilities, which also carries the network to later transformers. "Score" by default.</summary>
        public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

        /// <summary>The new column of predicted labels. "PredictedLabel" by default.</summary>
        public string PredictedLabelColumnName { get; init => field = Require.NotNull(value); } = "PredictedLabel";

        /// <summary>Range of the pixels in a vector column. 0…255 by default, as <c>ExtractPixels</c> makes them.</summary>
        public PixelScale PixelScale { get; init => field = Require.Defined(value); } = PixelScale.Bytes;

        /// <summary>How MLImages are brought to the network's size: Fill, Crop (the default), Pad or CenterCrop. The model remembers it.</summary>
        /// <remarks>
        /// <see cref="ResizePolicy.CenterCrop"/> also enlarges and cuts images that have the network's size. Vectors are not resized.
        /// </remarks>
        public ResizePolicy Resize { get; init => field = Require.Defined(value); } = ResizePolicy.Crop;

        /// <summary>
        /// Shape and normalisation of the images that the network takes. By default the shape of the vector column, mean and deviation 0.5.
        /// MLImage columns require it: they are resized to it, and one channel makes them grey.
        /// </summary>
        public InputSpecification? Input { get; init; }

        /// <summary>
        /// Height and width of training images before the augmentation, which must cut them to the network's size, e.g. 256×256 before a random crop
        /// of 224×224, each from 1 to 16,384; vectors must have it. Null, the default, is the network's own size.
        /// </summary>
        /// <remarks>
        /// MLImages are brought to it by <see cref="Resize"/>: Fill, Crop or Pad; CenterCrop keeps the centre when scoring only, and is Crop here.
        /// Requires <see cref="TrainingOptions.Augmentation"/>, and excludes <see cref="ValidationSetFraction"/>: validation images have the
        /// network's size.
        /// </remarks>
        public (int Height, int Width)? TrainingSize
        {
            get;
            init => field = value is var (height, width)
                ? (Require.InRange(height, 1, Limits.ImageSide), Require.InRange(width, 1, Limits.ImageSide))
                : null;
        }

        /// <summary>
        /// The architecture, one of the library's or a record of your own. <see cref="NetworkArchitecture.SmallConvNet"/> by default.
        /// </summary>
        /// <remarks>
        /// Before the training a forward pass of two images must return one finite logit for each class, and all that a model file will hold must be
        /// writable: a record of your own is registered with <see cref="RobustAttribution.Serialization.ComponentJson"/>.
        /// </remarks>
        public NetworkArchitecture Network { get; init => field = Require.NotNull(value); } = NetworkArchitecture.SmallConvNet;

        /// <summary>
        /// The activation of every exchangeable place (<see cref="ImageNetwork.HasSwitchableActivation"/>). By default what the objective's paper
        /// trains with (softplus β = 3 for AGA), else ReLU.
        /// </summary>
        /// <remarks>A network without such a place keeps its own activation by default, and another one than ReLU is an error.</remarks>
        public Activation? Activation { get; init; }

        /// <summary>
        /// A safetensors file (of this library, or of PyTorch) with initial weights; tensors that it lacks or has in another shape, such as the head
        /// for other classes, start fresh, and the log names them. Null, the default, starts all fresh.
        /// </summary>
        public string? InitialWeightsPath { get; init; }

        /// <summary>
        /// Whether fresh weights are scaled to training images, see <see cref="ImageNetwork.InitializeFrom"/>. Null, the default: where fewer than
        /// 4,096 images train a network of this library without batch normalisation, which from PyTorch's initial weights guesses for many epochs.
        /// </summary>
        /// <remarks>Drawn are up to 128 images, augmented. Excludes <see cref="InitialWeightsPath"/> and a model to start from.</remarks>
        public bool? DataDependentInitialization { get; init; }

        /// <summary>A view with the same columns, evaluated after each epoch. Null, the default, for none.</summary>
        public IDataView? ValidationSet { get; init; }

        /// <summary>
        /// Share of the training rows, above 0 and below 1, that is held out and evaluated after each epoch; null, the default, for none.
        /// Excludes <see cref="ValidationSet"/>.
        /// </summary>
        public double? ValidationSetFraction
        {
            get;
            init => field = value is null or (> 0 and < 1)
                ? value
                : throw new ArgumentOutOfRangeException(
                    nameof(ValidationSetFraction), value, $"ValidationSetFraction is {value}; allowed is a number above 0 and below 1.");
        }

        /// <summary>
        /// Called on the training thread with a <see cref="BatchProgress"/> at each <see cref="TrainingOptions.ProgressInterval"/>, and with a
        /// <see cref="ValidationProgress"/> and an <see cref="EpochProgress"/> for each epoch. Null by default.
        /// </summary>
        public Action<TrainingProgress>? MetricsCallback { get; init; }

        /// <summary>
        /// Memory that decoded images may take, in bytes, at least 1. 2 GiB by default; above it they are decoded again in each epoch, on several
        /// threads, and half of it is a buffer for mixing them.
        /// </summary>
        public long CacheBudgetInBytes
        {
            get;
            init => field = value >= 1
                ? value
                : throw new ArgumentOutOfRangeException(
                    nameof(CacheBudgetInBytes), value, $"CacheBudgetInBytes is {value}; allowed is a whole number of at least 1.");
        }
        = DefaultCacheBudget;

        /// <summary>
        /// CPU threads of libtorch while training, 1 to 4,096; the former number is back afterwards. Null, the default, leaves the process's number:
        /// every core, unless OMP_NUM_THREADS, MKL_NUM_THREADS or <see cref="TorchSharp.torch.set_num_threads"/> says otherwise.
        /// </summary>
        public int? Threads { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.Threads); }

        /// <summary>What happens to rows without label or readable image. Fail by default.</summary>
        public BrokenRows BrokenRows { get; init => field = Require.Defined(value); } = BrokenRows.Fail;

        /// <summary>Stops the training within one step.</summary>
        public CancellationToken CancellationToken { get; init; }

        /// <summary>Throws if options exclude each other, or one lacks another that it requires.</summary>
        /// <exception cref="ArgumentException">They do; the message names both options.</exception>
        internal void Validate()
        {
            ColumnNames.RequireDistinct(
                [(nameof(ScoreColumnName), ScoreColumnName), (nameof(PredictedLabelColumnName), PredictedLabelColumnName)],
                (nameof(LabelColumnName), LabelColumnName),
                (nameof(ImageColumnName), ImageColumnName));
            Input?.Validate();
            string? problem = this switch
            {
                { ValidationSet: not null, ValidationSetFraction: { } share }
                    => $"ValidationSet is set and ValidationSetFraction is {share}; allowed is one of them.",
                { DataDependentInitialization: true, InitialWeightsPath: { } path }
                    => $"DataDependentInitialization is true and InitialWeightsPath is '{path}'; allowed is one of them.",
                { TrainingSize: { } size, Augmentation: null }
                    => $"TrainingSize is {size}, which requires an Augmentation that cuts images to the network's size; Augmentation is null.",
                { TrainingSize: { } size, ValidationSetFraction: { } share }
                    => $"TrainingSize is {size} and ValidationSetFraction is {share}; allowed is one of them, since validation images have the"
                        + " network's size. Set ValidationSet.",
                { EarlyStopping: not null, ValidationSet: null, ValidationSetFraction: null }
                    => "EarlyStopping is set, which requires ValidationSet or ValidationSetFraction; both are null.",
                _ => null,
            };
            if (problem is not null)
            {
                throw new ArgumentException(problem);
            }
        }
    }
}
