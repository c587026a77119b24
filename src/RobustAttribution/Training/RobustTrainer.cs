using RobustAttribution.Networks;
using RobustAttribution.Serialization;

namespace RobustAttribution.Training;

/// <summary>Trains an <see cref="ImageNetwork"/>. Holds only its options, so one trainer can train many networks.</summary>
/// <remarks>
/// Repeatable: on one machine, with one number of threads and ranks, the same network, images and options give the same weights bit for bit.
/// Networks are
/// trained in the activation that they have when <see cref="Fit"/> is called.
/// </remarks>
/// <param name="options">What to do.</param>
public sealed class RobustTrainer(TrainingOptions options)
{
    /// <summary>What to do.</summary>
    public TrainingOptions Options { get; } = Require.NotNull(options, nameof(options));

    /// <summary>Trains a network in place.</summary>
    /// <param name="network">Its parameters and buffers change; mode and requires_grad are as before afterwards, also after an exception.</param>
    /// <param name="training">The images to learn from, at least one.</param>
    /// <param name="validation">The validation images, evaluated at the end of each epoch; null for none.</param>
    /// <param name="progress">Called on this thread; an exception from it ends the training and leaves this method. Null for none.</param>
    /// <param name="cancellationToken">Checked before each batch; <see cref="TrainingOptions.OnCancellation"/> decides what happens then.</param>
    /// <exception cref="ArgumentException">The options do not fit the network or the sources; the message names the option.</exception>
    /// <exception cref="NonFiniteLossException">
    /// A loss, parameter, buffer or logit was not finite; the network has the weights of the step where this was noticed.
    /// </exception>
    /// <exception cref="CheckpointException">
    /// The checkpoint to resume from is damaged or of another training; or the folder cannot be written, or another training has it.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// Checkpoints are requested, and the objective (or another component) is of a type that is not registered with <see cref="ComponentJson"/>;
    /// or the network or the objective cannot be computed in <see cref="TrainingOptions.Precision"/>, and the message names the module.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled, and <see cref="TrainingOptions.OnCancellation"/> is <see cref="CancellationBehavior.Throw"/>.
    /// </exception>
    public TrainingResult Fit(
        ImageNetwork network,
        IImageBatchSource training,
        IImageBatchSource? validation = null,
        Action<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Require.NotNull(network, nameof(network));
        Require.NotNull(training, nameof(training));
        using IDisposable? mode = InferenceMode.Leave();
        using var run = new TrainingRun(Options, network, training, validation, progress ?? (_ => { }), cancellationToken);
        return run.Execute();
    }
}
