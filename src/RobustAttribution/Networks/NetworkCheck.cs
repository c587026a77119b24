using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The result of <see cref="ImageNetwork.Check"/>: whether the layer-by-layer attributions see all of a network.</summary>
/// <param name="Findings">
/// What is not understood or not seen, a sentence each that names the module; empty for a network that every attribution handles.
/// </param>
/// <param name="LogitDifference">The largest difference of a logit with hooks to the plain forward pass; 0 where hooks change nothing.</param>
/// <param name="GradientError">
/// The relative difference between the length of the gradient of the predicted classes' logits and the central finite difference along it, with a
/// step of 1e-3 of the pixels' range: about 1e-2 or less, more near kinks.
/// </param>
public sealed record NetworkCheck(IReadOnlyList<string> Findings, double LogitDifference, double GradientError)
{
    private const double Tolerance = 1e-3;

    /// <summary>Whether there is no finding.</summary>
    public bool IsUnderstood => Findings.Count == 0;

    /// <summary>The findings, a line each, and the two figures.</summary>
    public override string ToString()
    {
        IEnumerable<string> lines = IsUnderstood ? ["Every module is understood."] : Findings;
        return string.Join(Environment.NewLine, lines.Append($"Logit difference {LogitDifference:G3}, gradient error {GradientError:G3}."));
    }

    internal static NetworkCheck Of(ImageNetwork network, Tensor images)
    {
        network.RequireSameModules();
        lock (network.SyncRoot)
        {
            using DisposeScope kept = NewDisposeScope();
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = enable_grad();
            using var generator = new Generator(1, CPU);
            Tensor x = images.detach(), logits = network.Logits(x).detach();
            List<string> findings = [.. network.NotUnderstood];
            if (!logits.isfinite().all().item<bool>())
            {
                findings.Add("The logits are not finite.");
            }

            if (logits.dim() != 2 || logits.shape[1] != network.ClassCount)
            {
                string shape = string.Join(',', logits.shape);
                findings.Add($"The network answers [{shape}]; a network of {network.ClassCount} classes answers [N,{network.ClassCount}].");
                return new NetworkCheck(findings, 0, 0);
            }

            var observed = new Observation(network, x, kept);
            findings.AddRange(observed.Unused());
            findings.AddRange(observed.ChangedInPlace());
            findings.AddRange(observed.NotLinearBetweenModules(generator));
            return new NetworkCheck(findings, (observed.Logits - logits).abs().max().ToDouble(), DifferenceError(network, x, logits.argmax(1)));
        }
    }

    private static double DifferenceError(ImageNetwork network, Tensor x, Tensor classes)
    {
        Tensor gradient = Differentiation.LogitGradient(network, x, classes, createGraph: false).Gradient;
        double length = gradient.norm().ToDouble(), step = 1e-3 * (network.Input.UpperBound - network.Input.LowerBound);
        if (length == 0)
        {
            return 0;
        }

        Tensor along = gradient / length;
        double difference = (Score(x + (along * step)) - Score(x - (along * step))) / (2 * step);
        return Math.Abs(difference - length) / length;

        double Score(Tensor at) => network.Logits(at).gather(1, classes.unsqueeze(1)).sum(ScalarType.Float64).ToDouble();
    }

    /// <summary>One forward pass in which every module that computes something is observed.</summary>
    private sealed class Observation
    {
        private readonly ImageNetwork network;
        private readonly Tensor images;
        private readonly DisposeScope kept;
        private readonly (string Name, nn.Module<Tensor, Tensor> Module)[] observed;
        private readonly List<(int Module, Tensor Input, Tensor Output, Tensor Kept)> calls = [];

        public Observation(ImageNetwork network, Tensor images, DisposeScope kept)
        {
            (this.network, this.images, this.kept) = (network, images, kept);
            observed =
            [
                .. from entry in network.Backbone.named_modules().DistinctBy(entry => entry.module)
                   where entry.module is nn.Module<Tensor, Tensor>
                       && (LayerKinds.IsLeaf(entry.module) || LayerKinds.ActivationOf(entry.module) is not null)
                   select (entry.name, (nn.Module<Tensor, Tensor>)entry.module),
            ];
            using IDisposable hooks = Hooks((module, x, y) =>
            {
                calls.Add((module, x, Keep(y.clone()), Keep(y.alias())));
                return null;
            });
            Logits = network.Logits(images).detach();
        }

        /// <summary>The logits with hooks on every module.</summary>
        public Tensor Logits { get; }

        public IEnumerable<string> Unused()
            => observed.Index().Where(entry => LayerKinds.IsLinear(entry.Item.Module) && !calls.Exists(call => call.Module == entry.Index))
                .Select(entry => $"'{entry.Item.Name}', a {entry.Item.Module.GetType().Name}, is never called through call(): "
                    + "if its weights are used by a function, hooks do not see that.");

        public IEnumerable<string> ChangedInPlace()
            => calls.Where(call => !call.Kept.eq(call.Output).all().item<bool>() && !TakenInPlace(call))
                .Select(call => observed[call.Module].Name)
                .Distinct()
                .Select(name => $"What '{name}' puts out is changed in place by something that is no module.");

        /// <summary>Moves every module's output by a step and by two, and compares: what is linear between the modules moves twice as far.</summary>
        /// <remarks>
        /// Every module's output is replaced by a tensor of its value, so that an input depends on the outputs only through what the network
        /// computes between its modules.
        /// </remarks>
        public IEnumerable<string> NotLinearBetweenModules(Generator generator)
        {
            if (calls.Count == 0)
            {
                yield return "No module is called through call(): hooks see nothing of the network.";
                yield break;
            }

            using IDisposable scope = NewDisposeScope();
            Tensor[] outputs = [.. calls.Select(call => call.Output.detach().requires_grad_(true))];
            Tensor[] moves = [.. calls.Select(call => Noise(call.Output, generator) * call.Output.std(false).add(1e-3))];
            List<Tensor> at = Inputs(outputs), one = Inputs(Moved(1)), two = Inputs(Moved(2));
            Tensor unused = stack(outputs.Select(output => output.sum())).sum() * 0; // every output has a gradient
            for (int i = 0; i < at.Count; i++)
            {
                Tensor step = one[i] - at[i], rest = two[i] - one[i] - step;
                if (!at[i].requires_grad || !(rest.norm().ToDouble() > Tolerance * step.norm().ToDouble()))
                {
                    continue;
                }

                Tensor[] sources = [.. autograd.grad([at[i].sum() + unused], outputs, null, true, false)];
                IEnumerable<string> from = calls.Where((_, index) => sources[index].count_nonzero().item<long>() > 0)
                    .Select(call => $"'{observed[call.Module].Name}'")
                    .Distinct();
                string to = i < calls.Count ? $"'{observed[calls[i].Module].Name}'" : "the logits";
                yield return $"Between {string.Join(", ", from)} and {to} the network computes something that is neither a module nor linear "
                    + "(a functional activation or pool, or a product): guided back-propagation and relevance take it for a plain gradient.";
            }

            Tensor[] Moved(double factor) => [.. outputs.Zip(moves, (output, move) => (output + (move * factor)).detach())];
        }

        // The input of each call, and the logits, where the calls' outputs are replaced by these tensors.
        private List<Tensor> Inputs(Tensor[] outputs)
        {
            List<Tensor> inputs = [];
            using IDisposable hooks = Hooks((_, x, _) =>
            {
                inputs.Add(x);
                return outputs[inputs.Count - 1].clone();
            });
            Tensor logits = network.Logits(images);
            return [.. inputs, logits];
        }

        // Outlives the dispose scopes within the network.
        private Tensor Keep(Tensor tensor)
        {
            kept.Attach(tensor);
            return tensor;
        }

        private static Tensor Noise(Tensor like, Generator generator) => randn(like.shape, like.dtype, CPU, false, generator).to(like.device);

        // A module may write over its input, so it is copied before the module runs; residual blocks, which contain others, do not change theirs.
        private Undo Hooks(Func<int, Tensor, Tensor, Tensor?> answer)
        {
            Tensor? input = null;
            Tensor? See(Tensor x)
            {
                input = Keep(x.clone());
                return null;
            }

            return Undo.All(observed.SelectMany(IEnumerable<IDisposable> (entry, index) => LayerKinds.IsLeaf(entry.Module)
                ? [ForwardHooks.Before(entry.Module, See), ForwardHooks.After(entry.Module, (_, y) => answer(index, input!, y))]
                : [ForwardHooks.After(entry.Module, (x, y) => answer(index, Keep(x.clone()), y))]).ToArray());
        }

        private bool TakenInPlace((int Module, Tensor Input, Tensor Output, Tensor Kept) call)
            => network.Modules.Any(block => ReferenceEquals(ResidualSite.LastNormalization(block), observed[call.Module].Module))
                || calls.Exists(other => LayerKinds.WorksInPlace(observed[other.Module].Module)
                    && other.Input.shape.SequenceEqual(call.Output.shape)
                    && other.Input.eq(call.Output).all().item<bool>());
    }
}
