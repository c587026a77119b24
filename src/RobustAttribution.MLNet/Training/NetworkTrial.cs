using System.Text.Json;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>
/// Checks a network before it is trained or becomes a model for errors of its first step, score or save. Leaves parameters, buffers, modes and
/// random
/// generators as they are.
/// </summary>
/// <param name="handle">The network.</param>
/// <param name="classesOf">What has its classes, for errors, e.g. "label column 'Label'".</param>
/// <param name="seed">Decides the noise image.</param>
internal sealed class NetworkTrial(NetworkHandle handle, string classesOf, long seed)
{
    private const int Images = 2; // one of gray, one of noise

    private readonly ImageNetwork network = handle.Network;

    private string Name => network.Architecture?.GetType().Name ?? network.Backbone.GetName();

    /// <summary>Throws unless the network answers images with one finite logit for each class.</summary>
    /// <param name="weightsPath">The file of its weights, for errors; null for none.</param>
    /// <param name="option">The option or argument that names it.</param>
    /// <exception cref="ArgumentException">It does not; the message names the architecture, what was found and what is allowed.</exception>
    public void RequireLogits(string? weightsPath, string option = "InitialWeightsPath")
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable gradients = no_grad();
        using IDisposable mode = network.WithMode(training: false);
        Tensor images = handle.Input.SampleImages(seed).to(network.DataType, network.Device);
        Tensor logits = Logits(images);
        bool isOfAllImages = logits.dim() == 2 && logits.shape[0] == Images;
        string? problem = !isOfAllImages || logits.shape[1] != network.ClassCount
            ? (isOfAllImages ? $", {logits.shape[1]} logits for {network.ClassCount} classes" : string.Empty)
                + $"; allowed is [{Images},{network.ClassCount}], since {classesOf} has {network.ClassCount} classes."
                + (isOfAllImages ? " Its Build is given the number of classes." : string.Empty)
            : !logits.is_floating_point() ? "; allowed are floating-point logits."
            : !logits.isfinite().all().ToBoolean() ? $", not all of them finite; allowed are finite logits. {CauseOfNonFinite(weightsPath, option)}"
            : null;
        if (problem is not null)
        {
            throw new ArgumentException(
                $"Network {Name} answers {Images} images {Shape(images)} with {logits.dtype} {Shape(logits)}{problem}");
        }
    }

    /// <summary>Throws if the option Activation is set and the network has no place for it; for ReLU, which it may have, warns.</summary>
    /// <param name="wanted">The option; null for the network's own.</param>
    /// <param name="channel">Takes the warning.</param>
    /// <exception cref="ArgumentException">Nothing in the network can be exchanged for it.</exception>
    public void RequireActivation(Activation? wanted, IChannel channel)
    {
        if (wanted is null || network.HasSwitchableActivation)
        {
            return;
        }

        string problem = $"Activation is {wanted}, and network {Name} has no activation that can be exchanged: exchangeable are "
            + $"ReLU, ReLU6 and LeakyReLU modules, TorchVision's residual blocks, and {nameof(ActivationLayer)}. "
            + "Make modules of its functional activations, or leave Activation null.";
        if (wanted is not ReluActivation)
        {
            throw new ArgumentException(problem);
        }

        channel.Warn(problem);
    }

    /// <summary>Throws unless the network can be written to a model file and read again.</summary>
    /// <param name="scoreColumnName">Written beside the weights.</param>
    /// <param name="predictedLabelColumnName">Written beside the weights.</param>
    /// <param name="consequence">What follows, for the error.</param>
    /// <exception cref="NotSupportedException">It cannot; the message names the type or the option.</exception>
    public void RequireSavable(string scoreColumnName, string predictedLabelColumnName, string consequence = "so it is not trained")
    {
        try
        {
            string written = CardJson.Write(ModelCard.Of(handle, scoreColumnName, predictedLabelColumnName));
            NetworkCard read = NetworkCard.FromJson(CardJson.Read<ModelCard>(written).Network.GetRawText());
            if (network.Architecture is { } architecture && RoundTrip.Difference(architecture, read.Architecture) is { } lost)
            {
                throw new NotSupportedException(
                    $"Its option {lost} is not what it was after writing and reading."
                    + " Options are public properties with `init`, of types that JSON holds.");
            }

            network.SaveWeights(Stream.Null);
        }
        catch (Exception error) when (error
            is NotSupportedException or FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            throw new NotSupportedException(
                $"Network {Name} cannot be saved in a model file and loaded again, {consequence}. {error.Message}", error);
        }
    }

    /// <summary>Throws if libtorch cannot compute the derivatives that the training takes.</summary>
    /// <param name="objective">What will be minimised.</param>
    /// <exception cref="NotSupportedException">It cannot; the message names the operation.</exception>
    public void RequireDerivatives(ITrainingObjective objective)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor images = network.Input.SampleImages(seed).to(network.DataType, network.Device);
        network.RequireDerivative(images, Derivative.OfParameters);
        if (objective.NeedsSecondDerivative(network))
        {
            network.RequireDerivative(images, objective is HessianNormPenalty ? Derivative.Third : Derivative.Second);
        }
    }

    private string CauseOfNonFinite(string? weightsPath, string option)
        => FiniteValues.FirstOther(WeightSnapshot.Of(network)) is not { } name
            ? "Its parameters and buffers are finite, so its forward pass makes them."
            : $"Its '{name}' is not finite{(weightsPath is null ? string.Empty : $" ({option} is '{weightsPath}')")}.";

    private Tensor Logits(Tensor images)
    {
        try
        {
            return WithRandomStateKept(() => network.Logits(images)) ?? throw new InvalidOperationException("It returned null.");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            string reason = error.Message.Split('\n')[0].Trim(); // libtorch appends its stack
            throw new ArgumentException(
                $"Network {Name} cannot answer {Images} images {Shape(images)}, the shape that the trainer's Input or image column says: {reason}",
                error);
        }
    }

    // Modules of torch.nn draw from the global generator, which belongs to the user.
    private T WithRandomStateKept<T>(Func<T> compute)
    {
        if (network.IsBuiltIn)
        {
            return compute();
        }

        using Tensor former = get_rng_state();
        try
        {
            return compute();
        }
        finally
        {
            set_rng_state(former);
        }
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(',', tensor.shape)}]";
}
