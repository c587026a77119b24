using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>What is differentiated.</summary>
internal enum Derivative
{
    /// <summary>The logits, with respect to the parameters.</summary>
    OfParameters,

    /// <summary>The logits, at the images or at a layer.</summary>
    First,

    /// <summary>Their gradient, once more.</summary>
    Second,

    /// <summary>The gradient's derivative, once more.</summary>
    Third,
}

/// <summary>Finds out, once for each network and activation, whether a network that is not the library's can be differentiated.</summary>
/// <remarks>By Tensor.backward, whose errors can be caught: those of autograd.grad end the process (docs/decisions/reliances.md).</remarks>
internal sealed class DerivativeProbe(ImageNetwork network)
{
    private readonly HashSet<(Derivative, nn.Module?, bool IsTrainable, Activation?, ScalarType?)> passed = [];

    /// <summary>What is in the way; null for nothing.</summary>
    /// <param name="input">[N,C,H,W], what the backbone takes; one image is used.</param>
    /// <param name="derivative">What will be computed.</param>
    /// <param name="layer">The layer at whose output; null for the images.</param>
    public Obstacle? Find(Tensor input, Derivative derivative, nn.Module<Tensor, Tensor>? layer = null)
    {
        bool isTrainable = network.Backbone.parameters().Any(parameter => parameter.requires_grad);
        var key = (derivative, layer, isTrainable, network.Activation, network.WorkingType);
        if (input.shape[0] == 0 || passed.Contains(key))
        {
            return null;
        }

        Obstacle? obstacle = Repetition.Of(() => Search(input, derivative, layer), () => true);
        if (obstacle is null)
        {
            passed.Add(key);
        }

        return obstacle;
    }

    private string Name => network.Backbone.GetName();

    /// <summary>Another device may compute otherwise.</summary>
    public void Forget() => passed.Clear();

    private Obstacle? Search(Tensor input, Derivative derivative, nn.Module<Tensor, Tensor>? layer)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable gradients = enable_grad();
        using IDisposable mode = network.WithMode(training: false);
        using IDisposable state = StateKept();
        using var generator = new Generator(1, CPU);
        Tensor image = input.detach().narrow(0, 0, 1).clone();
        Tensor point;
        string order = "first";
        try
        {
            (Tensor logits, point) = Pass();
            if (logits.requires_grad)
            {
                (logits * Noise(logits)).sum().backward();
            }

            if (derivative != Derivative.OfParameters && layer is null && point.grad is null && Moves(logits))
            {
                return new(
                    $"By their graph the logits of the network {Name} do not depend on the image, though their values do: no gradient leads to it. "
                    + "Leave out what cuts the graph: detach(), no_grad(), a way over whole numbers.",
                    false);
            }

            if (derivative >= Derivative.Second && point.grad is not null)
            {
                order = "second";
                Tensor gradient = Gradient();
                if (gradient.requires_grad)
                {
                    (gradient * Noise(gradient)).sum().backward();
                }

                if (derivative == Derivative.Third && point.grad is not null)
                {
                    order = "third";
                    gradient = Gradient();
                    Tensor product = autograd.grad([(gradient * Noise(gradient)).sum()], [point], null, true, true)[0]; // works, as seen above
                    if (product.requires_grad)
                    {
                        product.square().sum().backward();
                    }
                }
            }

            return null;
        }
        catch (ExternalException error) when (error.Message.Contains("modified by an inplace operation", StringComparison.Ordinal))
        {
            using IDisposable unrecorded = no_grad();
            var observed = new NetworkObservation(network, image + Noise(image), scope, isNormalized: true);
            string where = string.Concat(observed.ChangedInPlace().Select(found => found + " "));
            return new(
                $"The network {Name} cannot be differentiated: a value that its derivative needs is changed in place. {where}"
                + $"Compute a new tensor, x * 3 for x.mul_(3). ({FirstLine(error)})",
                true);
        }
        catch (ExternalException error) when (error.Message.Contains("derivative for", StringComparison.Ordinal)
            && error.Message.Contains("is not implemented", StringComparison.Ordinal))
        {
            return new(
                $"The network {Name} has no {order} derivative, since libtorch has none of one of its operations: "
                + $"{FirstLine(error)}. Build it of operations that have one (relu6(x + 3) / 6 for hardsigmoid(x)), "
                + "or use attributions, attacks and objectives that take no derivative of a gradient, e.g. InputGradient or CrossEntropy.",
                true);
        }

        (Tensor Logits, Tensor Point) Pass()
        {
            Tensor at = image.clone().requires_grad_(true);
            using IDisposable? hook = layer is null ? null : ForwardHooks.After(layer, (_, output) =>
            {
                at = output.detach().clone().requires_grad_(true).KeptIn(scope);
                return at.clone();
            });
            return (network.LogitsOfNormalized(at.clone()), at); // a copy, since a module may write over it
        }

        Tensor Gradient()
        {
            (Tensor logits, point) = Pass();
            return autograd.grad([(logits * Noise(logits)).sum()], [point], null, true, true)[0]; // works, as a first derivative
        }

        Tensor Noise(Tensor like) => CpuDraws.Normal(like, generator);

        bool Moves(Tensor logits)
        {
            using IDisposable unrecorded = no_grad();
            return (network.LogitsOfNormalized(image + Noise(image)) - logits).abs().max().ToDouble() > 0;
        }
    }

    private IEnumerable<Tensor> Trainable() => network.Backbone.parameters().Where(parameter => parameter.requires_grad);

    // backward adds to the gradients of the parameters, and modules of torch.nn draw from the global generator: both belong to the user.
    private Undo StateKept()
    {
        (Tensor Parameter, Tensor? Gradient)[] former = [.. Trainable().Select(parameter => (parameter, parameter.grad))];
        Array.ForEach(former, entry => entry.Parameter.grad = null);
        Tensor random = get_rng_state();
        return new Undo(() =>
        {
            set_rng_state(random);
            Array.ForEach(former, entry => entry.Parameter.grad = entry.Gradient);
        });
    }

    private static string FirstLine(ExternalException error) => error.Message.Split('\n')[0].Trim();

    /// <summary>What is in the way of a derivative.</summary>
    /// <param name="Text">What, and what to do, in sentences.</param>
    /// <param name="EndsProcess">Whether autograd.grad would end the process; else it has no gradient.</param>
    internal sealed record Obstacle(string Text, bool EndsProcess);
}
