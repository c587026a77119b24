using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>
/// Lets a network compute its convolutions and linear layers in a narrower type for the time of a step. Their parameters, the masters, keep the
/// network's type: each step begins with copies of them, and the optimizer changes the masters.
/// </summary>
/// <remarks>
/// What lies between those layers computes in the type that it is given; normalisations take their statistics in float32 either way. The logits are
/// of the network's type again, so losses and gradients at the images are too.
/// </remarks>
internal sealed class WorkingPrecision : IDisposable
{
    private readonly ImageNetwork network;
    private readonly ScalarType type;
    private readonly nn.Module<Tensor, Tensor>[] layers;
    private readonly (Tensor Parameter, Tensor Copy)[] pairs;

    public WorkingPrecision(ImageNetwork network, ScalarType type)
    {
        (this.network, this.type) = (network, type);
        layers = [.. network.Modules.Where(module => module is Convolution or Linear or PReLU).Cast<nn.Module<Tensor, Tensor>>()];
        pairs = [.. layers.SelectMany(layer => layer.parameters(recurse: false)).Distinct(ReferenceEqualityComparer.Instance).Cast<Tensor>()
            .Select(parameter => (parameter, parameter.detach().to(type).DetachFromDisposeScope()))];
    }

    /// <summary>
    /// The network computes in the working type on this thread until the result is disposed; <see cref="ImageNetwork.SyncRoot"/> is held meanwhile.
    /// </summary>
    public IDisposable Enter()
    {
        Monitor.Enter(network.SyncRoot);
        List<IDisposable> undo = [new Undo(() => Monitor.Exit(network.SyncRoot))];
        try
        {
            using (no_grad())
            {
                foreach ((Tensor parameter, Tensor copy) in pairs)
                {
                    copy.copy_(parameter);
                    copy.requires_grad = parameter.requires_grad;
                }
            }

            Exchange();
            network.WorkingType = type;
            undo.Add(new Undo(() =>
            {
                network.WorkingType = null;
                Exchange();
            }));
            if (!network.IsBuiltIn) // in those of the library every layer keeps the type of what enters
            {
                undo.AddRange(layers.Select(layer => ForwardHooks.Before(layer, x => x.dtype == type ? null : x.to(type))));
                undo.Add(ForwardHooks.After(network.Backbone, (_, logits) => logits.to(network.DataType), last: true));
            }

            return Undo.All(undo);
        }
        catch
        {
            Undo.All(undo).Dispose();
            throw;
        }
    }

    /// <summary>Gradients in the network's type, in their order; those that are invalid stay so.</summary>
    public IList<Tensor> Widened(IList<Tensor> gradients)
        => [.. gradients.Select(gradient => gradient.IsInvalid ? gradient : gradient.to(network.DataType))];

    /// <summary>
    /// Throws if an objective's loss or derivatives cannot be computed in the working type. Leaves network and global generator as they are.
    /// </summary>
    /// <exception cref="NotSupportedException">They cannot; the message names the module or the operation.</exception>
    public void RequireSupport(ITrainingObjective objective, Tensor? classWeights, long seed)
        => Repetition.Of(
            () =>
            {
                Try(objective, classWeights, seed);
                return true;
            },
            () => true);

    public void Dispose() => Array.ForEach(pairs, pair => pair.Copy.Dispose());

    private void Try(ITrainingObjective objective, Tensor? classWeights, long seed)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), network.Device);
        Tensor images = network.Input.SampleImages(seed).to(network.DataType, network.Device);
        Tensor classes = TensorOperations.arange(images.shape[0], ScalarType.Int64, network.Device);
        Stack<string> running = [];
        using IDisposable kept = StateKept();
        using IDisposable mode = enable_grad();
        using IDisposable working = Enter();
        using IDisposable followed = Follow(running);
        try
        {
            network.RequireDerivative(images, Derivative.OfParameters);
            using ObjectiveResult result = objective.Evaluate(network, images, classes, generator, classWeights);
            if (result.Loss.requires_grad)
            {
                result.Loss.backward(); // its errors can be caught, those of autograd.grad end the process
            }
        }
        catch (ExternalException error) when (!Repetition.IsFreedScalar(error))
        {
            string where = running.TryPeek(out string? name) ? $", in its module {name}" : string.Empty;
            throw new NotSupportedException(
                $"{nameof(TrainingOptions.Precision)} is {nameof(Precision.BFloat16)}, and the network {network.Backbone.GetName()} cannot compute "
                + $"{objective.GetType().Name} in it{where}: {error.Message.Split('\n')[0].Trim()} "
                + "Convolutions, linear layers and PReLUs have bfloat16 copies of their parameters, a parameter that a function uses has none. "
                + $"Set {nameof(TrainingOptions.Precision)} to {nameof(Precision.Float32)}, or build that module of such layers.",
                error);
        }
        finally
        {
            Array.ForEach(pairs, pair => pair.Parameter.grad = null);
        }
    }

    // The innermost module that runs: the one at whose call an error came.
    private Undo Follow(Stack<string> running)
        => Undo.All(network.Backbone.named_modules().Prepend((network.Backbone.GetName(), network.Backbone)).DistinctBy(entry => entry.Item2)
            .Where(entry => entry.Item2 is nn.Module<Tensor, Tensor>)
            .SelectMany(entry =>
            {
                var module = (nn.Module<Tensor, Tensor>)entry.Item2;
                return new[]
                {
                    ForwardHooks.Before(module, _ =>
                    {
                        running.Push($"'{entry.Item1}' ({module.GetType().Name})");
                        return null;
                    }),
                    ForwardHooks.After(module, (_, _) =>
                    {
                        running.Pop();
                        return null;
                    }),
                };
            }).ToArray());

    // Buffers, gradients and the global generator.
    private Undo StateKept()
    {
        (Tensor Parameter, Tensor? Gradient)[] former = [.. network.Backbone.parameters().Select(parameter => (parameter, parameter.grad))];
        Array.ForEach(former, entry => entry.Parameter.grad = null);
        Tensor random = get_rng_state();
        var weights = new WeightSnapshot(WeightSnapshot.Of(network), 0);
        return new Undo(() =>
        {
            weights.Restore(network);
            weights.Dispose();
            set_rng_state(random);
            Array.ForEach(former, entry => entry.Parameter.grad = entry.Gradient);
        });
    }

    // The objects stay, and with them names, hooks and whoever refers to them; what they stand for changes.
    private void Exchange()
    {
        foreach ((Tensor parameter, Tensor copy) in pairs)
        {
            (Handle(parameter), Handle(copy)) = (Handle(copy), Handle(parameter));
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    private static extern ref nint Handle(Tensor tensor);
}
