using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>How often a step of the library goes through each layer, from the objective's formula.</summary>
/// <param name="Beta">Softplus β of the activations in these passes; null for ReLU.</param>
/// <param name="Forward">Forward passes.</param>
/// <param name="Input">Derivatives at the input of every layer but the first.</param>
/// <param name="FirstInput">Derivatives at the image.</param>
/// <param name="Weight">Derivatives at the weights.</param>
/// <param name="Double">Double backward passes without derivatives at the weights.</param>
/// <param name="DoubleWeight">Double backward passes with them.</param>
internal sealed record Passes(double? Beta, int Forward, int Input, int FirstInput, int Weight, int Double, int DoubleWeight)
{
    /// <summary>Of an objective; null where its passes are not counted.</summary>
    public static IReadOnlyList<Passes>? Of(string objective)
        => objective switch { "aga" => LocalGradientAlignment, "art" => SpatialAlignment, _ => null };

    /// <summary>Of AGA: CE and g(x) from one forward pass; g(x+z) with its graph; through it back to the weights.</summary>
    private static IReadOnlyList<Passes> LocalGradientAlignment { get; } = [new(3, 2, 4, 2, 2, 0, 1)];

    /// <summary>
    /// Of ART: the start with ReLU; three inner steps, each a forward pass, two gradients, and their derivative at the image; two outer passes with
    /// two gradients each and through them back to the weights; CE with ReLU.
    /// </summary>
    private static IReadOnlyList<Passes> SpatialAlignment { get; } = [new(50, 5, 15, 13, 2, 6, 4), new(null, 2, 2, 1, 1, 0, 0)];
}

/// <summary>One step by kind of operator: each measured by itself at the network's shapes, times how often the step does it.</summary>
internal static class StepProfile
{
    /// <summary>The kinds, their costs in one step, and the operations of convolutions and linear layers.</summary>
    public static (IReadOnlyList<(string Kind, Cost Cost)> Kinds, double Operations) Of(Setup setup, IReadOnlyList<Passes> passes, int repeats)
    {
        var kinds = new List<(string Kind, Cost Cost)>();
        double operations = 0;
        var activation = new ActivationSwitch(null);
        using nn.Module<Tensor, Tensor> network = setup.Network.Plain(activation);
        network.to(setup.Device);
        (Tensor images, Tensor classes) = setup.NewBatch();
        using (images)
        using (classes)
        using (Tensor channelsLast = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2))
        {
            foreach (Passes part in passes)
            {
                activation.Beta = part.Beta;
                foreach (Layer layer in Layer.Of(network, channelsLast))
                {
                    using (layer)
                    {
                        LayerCost cost = LayerCost.Of(layer, repeats, setup.Device, asLibrary: true);
                        int inputs = layer.IsFirst ? part.FirstInput : part.Input;
                        Add($"{layer.Kind}, forward", cost.Forward * part.Forward);
                        Add($"{layer.Kind}, backward to the input", cost.Input * inputs);
                        Add($"{layer.Kind}, backward to the weights", cost.Weight * part.Weight);
                        Add($"{layer.Kind}, double backward", (cost.DoubleInput * part.Double) + (cost.DoubleBoth * part.DoubleWeight));
                        operations += cost.Operations * (part.Forward + inputs + part.Weight + part.Double + (2 * part.DoubleWeight));
                    }
                }
            }

            Add("loss and similarity", Similarity(images, classes, setup.Objective.Name == "art", repeats, setup.Device));
        }

        Add("optimizer", Optimizer(setup, network, repeats));
        return (kinds, operations);

        void Add(string kind, Cost cost)
        {
            int at = kinds.FindIndex(pair => pair.Kind == kind);
            if (at >= 0)
            {
                kinds[at] = (kind, kinds[at].Cost + cost);
            }
            else if (cost.Wall > 0)
            {
                kinds.Add((kind, cost));
            }
        }
    }

    /// <summary>Operations per second of the largest matrix product that is no strain: what this machine can do.</summary>
    public static double PeakOperationsPerSecond(int repeats, Device device)
    {
        const long Size = 2048;
        using Tensor a = rand([Size, Size], device: device), b = rand([Size, Size], device: device);
        double milliseconds = Enumerable.Range(0, repeats).Min(_ => Clock.Median(1, device, () => a.mm(b)).Wall);
        return 2.0 * Size * Size * Size / milliseconds * 1000;
    }

    private static Cost Similarity(Tensor images, Tensor classes, bool triplet, int repeats, Device device)
    {
        using Tensor a = randn_like(images).flatten(1), b = randn_like(a).requires_grad_(true);
        using Tensor logits = randn([images.shape[0], 10], device: device).requires_grad_(true);
        int cosines = triplet ? 8 + 6 : 1; // ART: 8 of the outer loss, 2 in each inner step on a third of the positions
        return Clock.Median(repeats, device, () =>
        {
            Tensor loss = nn.functional.cross_entropy(logits, classes);
            for (int i = 0; i < cosines; i++)
            {
                loss = loss + nn.functional.cosine_similarity(a, b, 1).mean();
            }

            loss = triplet ? loss : loss + (a - b).square().sum(1).mean();
            autograd.grad([loss], [logits, b]);
        });
    }

    private static Cost Optimizer(Setup setup, nn.Module network, int repeats)
    {
        IOptimizer optimizer = setup.Options(1).Optimizer;
        using IDisposable scope = NewDisposeScope();
        (Tensor Value, Tensor Gradient, Tensor[] State)[] parameters =
        [
            .. network.parameters().Select(value => ((Tensor)value, randn_like(value).detach(), NewState(value))),
        ];
        return Clock.Median(repeats, setup.Device, () =>
        {
            using IDisposable mode = no_grad();
            foreach ((Tensor value, Tensor gradient, Tensor[] state) in parameters)
            {
                optimizer.Update(value, gradient, state, ObjectiveCase.LearningRate, 1);
            }
        });

        Tensor[] NewState(Tensor value) => [.. optimizer.StateNames.Select(_ => zeros_like(value).detach())];
    }
}
