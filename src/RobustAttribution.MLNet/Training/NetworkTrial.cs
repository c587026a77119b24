using System.Text.Json;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>
/// What would show up in a network's first step, its first score or its first save, found out before it is trained.
/// Leaves parameters, buffers, modes and every random generator as they are.
/// </summary>
/// <param name="handle">The network.</param>
/// <param name="labelColumnName">Where its classes come from, for errors.</param>
/// <param name="seed">Of the noise that it is tried on.</param>
internal sealed class NetworkTrial(NetworkHandle handle, string labelColumnName, long seed)
{
    private const int Images = 2; // one of gray, one of noise

    private readonly ImageNetwork network = handle.Network;

    private string Name => network.Architecture?.GetType().Name ?? network.Backbone.GetName();

    /// <summary>Throws unless the network answers images with one finite logit for each class.</summary>
    /// <param name="initialWeightsPath">Where its weights come from, for errors; null for elsewhere.</param>
    /// <exception cref="ArgumentException">It does not; the message names the architecture, what was found and what is allowed.</exception>
    public void RequireLogits(string? initialWeightsPath)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable gradients = no_grad();
        using IDisposable mode = network.WithMode(training: false);
        Tensor images = Draw();
        Tensor logits = Logits(images);
        string found = $"Network {Name} answers {Images} images {Shape(images)} with {logits.dtype} {Shape(logits)}";
        string allowed = $"allowed is [{Images},{network.ClassCount}], since label column '{labelColumnName}' has {network.ClassCount} classes";
        if (logits.dim() != 2 || logits.shape[0] != Images || logits.shape[1] != network.ClassCount)
        {
            bool isOfOtherClasses = logits.dim() == 2 && logits.shape[0] == Images;
            throw new ArgumentException(isOfOtherClasses
                ? $"{found}, {logits.shape[1]} logits for {network.ClassCount} classes; {allowed}. Its Build is given the number of classes."
                : $"{found}; {allowed}.");
        }

        if (!logits.is_floating_point())
        {
            throw new ArgumentException($"{found}; allowed are floating-point logits.");
        }

        if (!logits.isfinite().all().item<bool>())
        {
            string source = initialWeightsPath is null ? string.Empty : $" (InitialWeightsPath is '{initialWeightsPath}')";
            string cause = NotFinite() is { } name
                ? $"Its '{name}' is not finite{source}."
                : "Its parameters and buffers are finite, so its forward pass makes them.";
            throw new ArgumentException($"{found}, not all of them finite; allowed are finite logits. {cause}");
        }
    }

    /// <summary>Throws, or warns where it may be right as it is, if an activation was asked for that the network has no place for.</summary>
    /// <param name="wanted">What was asked for; null for nothing.</param>
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

        channel.Warning(MessageSensitivity.None, "{0}", problem);
    }

    /// <summary>Throws unless all that a model file will say of the network can be written, and read again.</summary>
    /// <param name="scoreColumnName">As it will be written beside the weights.</param>
    /// <param name="predictedLabelColumnName">As it will be written beside the weights.</param>
    /// <exception cref="NotSupportedException">It cannot; the message names the type or the option.</exception>
    public void RequireSavable(string scoreColumnName, string predictedLabelColumnName)
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
                $"Network {Name} cannot be saved in a model file and loaded again, so it is not trained. {error.Message}", error);
        }
    }

    /// <summary>Warns if an objective is differentiated through gradients of a network that has no second derivative.</summary>
    /// <param name="objective">What will be minimised.</param>
    /// <param name="channel">Takes the warning.</param>
    public void WarnWithoutSecondDerivative(ITrainingObjective objective, IChannel channel)
    {
        if (network.Activation is { IsSmooth: true } || !objective.NeedsSecondDerivative(network) || HasSecondDerivative())
        {
            return;
        }

        channel.Warning(
            MessageSensitivity.None,
            "Objective {0} penalises gradients of the network, and network {1} has no second derivative, "
            + "so the penalty teaches little of how they change around an image. {2}",
            objective.GetType().Name,
            Name,
            network.HasSwitchableActivation
                ? "Set Activation to a smooth one, e.g. Activation.Softplus(3)."
                : "Nothing in it can be exchanged for a smooth activation: make modules of its functional activations (nn.ReLU()), "
                    + "or build it with smooth ones (nn.Softplus, nn.SiLU, nn.GELU).");
    }

    private bool HasSecondDerivative()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), network.Device);
        Tensor images = Draw(), classes = arange(Images, ScalarType.Int64, network.Device);
        return WithRandomStateKept(() => new HessianNorm { Draws = 1 }.Measure(network, images, classes, generator)).ne(0).any().item<bool>();
    }

    /// <summary>The name of the first parameter or buffer that is not finite; null where all are.</summary>
    private string? NotFinite()
    {
        var parameters = network.Backbone.named_parameters().Select(entry => (entry.name, tensor: (Tensor)entry.parameter));
        var buffers = network.Backbone.named_buffers().Select(entry => (entry.name, tensor: entry.buffer));
        return parameters.Concat(buffers)
            .Where(entry => entry.tensor.is_floating_point() && !entry.tensor.isfinite().all().item<bool>())
            .Select(entry => entry.name)
            .FirstOrDefault();
    }

    // [2,C,H,W] in the images' bounds.
    private Tensor Draw()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), CPU);
        InputSpecification input = handle.Input;
        Tensor noise = rand([1, input.Channels, input.Height, input.Width], ScalarType.Float32, CPU, generator: generator);
        Tensor shares = cat([full_like(noise, 0.5), noise], 0);
        return ((shares * (input.UpperBound - input.LowerBound)) + input.LowerBound).to(network.DataType, network.Device).MoveToOuterDisposeScope();
    }

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
        if (network.Architecture is { IsBuiltIn: true })
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
