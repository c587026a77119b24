using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Forward passes in which every module that computes something is observed, and what they show of the rest.</summary>
internal sealed class NetworkObservation
{
    private const double Tolerance = 1e-3, Rounding = 1e-6;

    private readonly ImageNetwork network;
    private readonly Tensor input;
    private readonly DisposeScope kept;
    private readonly (string Name, nn.Module<Tensor, Tensor> Module, ActivationSite? Site)[] observed;
    private readonly List<(int Module, Tensor Input, Tensor Output, Tensor Kept)> calls = [];

    /// <summary>Observes one forward pass in evaluation mode.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="kept">What the passes keep lives as long.</param>
    /// <param name="isNormalized">Whether the images are normalised already.</param>
    public NetworkObservation(ImageNetwork network, Tensor images, DisposeScope kept, bool isNormalized = false)
    {
        (this.network, this.kept, input) = (network, kept, (isNormalized ? images : network.Normalize(images)).detach());
        observed =
        [
            .. from entry in network.Backbone.named_modules().DistinctBy(entry => entry.module)
               let site = LayerKinds.ActivationOf(entry.module)
               where entry.module is nn.Module<Tensor, Tensor> && (site is not null || LayerKinds.IsLeaf(entry.module))
               select (entry.name, (nn.Module<Tensor, Tensor>)entry.module, site),
        ];
        using IDisposable hooks = Hooks((module, x, y) =>
        {
            calls.Add((module, x, y.clone().KeptIn(kept), y.alias().KeptIn(kept)));
            return null;
        });
        Logits = network.LogitsOfNormalized(input.clone()).detach();
    }

    /// <summary>The logits with hooks on every module.</summary>
    public Tensor Logits { get; }

    /// <summary>What layer-by-layer attributions would take for a plain gradient, although it is more.</summary>
    public IReadOnlyList<Unseen> Find()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        Tensor[] sources = [.. calls.Select(call => call.Output).Prepend(input).Select(tensor => tensor.detach().requires_grad_(true))];
        Parameter[] parameters = [.. observed.SelectMany(entry => entry.Module.parameters()).DistinctBy(parameter => parameter.Handle)];
        Parameter[] frozen = [.. parameters.Where(parameter => !parameter.requires_grad)];
        Array.ForEach(frozen, parameter => parameter.requires_grad = true);
        using var undo = new Undo(() => Array.ForEach(frozen, parameter => parameter.requires_grad = false));
        if (network.ObstacleTo(input, Derivative.OfParameters) is { } obstacle)
        {
            return [new(obstacle.Text, true, true)];
        }

        if (Inputs(sources) is not { } inputs
            || Bent(sources, [.. sources.Select(at => Noise(at, generator) * Size(at))]) is not { } bent
            || Bent(sources, [.. sources.Select(at => ones_like(at) * Size(at))]) is not { } shifted
            || Bent([.. sources.Select(at => zeros_like(at))], sources) is not { } scaled)
        {
            return [new("The network calls its modules in another order each time.", true, true)];
        }

        HashSet<object> used = Reached(inputs, parameters, generator);
        IEnumerable<Unseen> layers = observed.Index()
            .Where(entry => LayerKinds.IsLinear(entry.Item.Module))
            .Select(entry => (entry.Item.Name, entry.Item.Module, IsCalled: calls.Exists(call => call.Module == entry.Index)))
            .Where(entry => entry.Module.parameters().Any(used.Contains) || (!entry.IsCalled && !entry.Module.parameters().Any()))
            .Select(entry => new Unseen(
                $"'{entry.Name}', a {entry.Module.GetType().Name}, is {(entry.IsCalled ? "used not only" : "never called")} through call(): "
                + "hooks see neither forward() nor a function that uses its weights.",
                true,
                false));

        string silent = string.Concat(observed.Index()
            .Where(entry => entry.Item.Site is not null && !calls.Exists(call => call.Module == entry.Index))
            .Select(entry => $" '{entry.Item.Name}', a {entry.Item.Module.GetType().Name}, is never called through call()."));

        // A maximum pool keeps its derivative where all values move or grow alike; a ReLU only where they grow alike, which is what relevance needs.
        IEnumerable<Unseen> functions = Enumerable.Range(0, inputs.Count)
            .Where(i => inputs[i].requires_grad && bent[i] && (shifted[i] || scaled[i]))
            .Select(i => new Unseen(
                $"Between {Origin(inputs[i])} and {(i < calls.Count ? Name(i) : "the logits")} the network computes something that is neither a "
                + "module nor linear (a functional activation, or a product): "
                + $"{(scaled[i] ? "relevance, guided" : "guided")} back-propagation and deconvolution take it for a plain gradient.{silent}",
                scaled[i],
                true));
        return [.. layers, .. functions];

        string Name(int call) => $"'{observed[calls[call].Module].Name}'";

        string Origin(Tensor tensor)
        {
            HashSet<object> reached = Reached([tensor], sources, generator);
            return string.Join(", ", sources.Index().Where(entry => reached.Contains(entry.Item))
                .Select(entry => entry.Index == 0 ? "the images" : Name(entry.Index - 1)).Distinct());
        }
    }

    /// <summary>A sentence for each module whose output changes after it was put out.</summary>
    public IEnumerable<string> ChangedInPlace()
        => calls.Where(call => !call.Kept.eq(call.Output).all().ToBoolean() && !IsTakenInPlace(call.Output))
            .Select(call => observed[call.Module].Name)
            .Distinct()
            .Select(name => $"What '{name}' puts out is changed in place by something that is no module.");

    // Whether each input leaves the line on which the sources move, by a step and by as much again; null where the calls are others.
    private bool[]? Bent(Tensor[] sources, Tensor[] moves)
    {
        using IDisposable mode = no_grad();
        if (Inputs(sources) is not { } start || Inputs(Moved(1)) is not { } once || Inputs(Moved(2)) is not { } twice)
        {
            return null;
        }

        return [.. Enumerable.Range(0, start.Count).Select(i =>
        {
            Tensor step = once[i] - start[i], rest = twice[i] - once[i] - step;
            double allowed = (Tolerance * step.norm().ToDouble()) + (Rounding * twice[i].norm().ToDouble());
            return !(rest.norm().ToDouble() <= allowed); // also where one is not a number
        })];

        Tensor[] Moved(int factor) => [.. sources.Zip(moves, (at, move) => at + (move * factor))];
    }

    /// <summary>
    /// The input of each call, and the logits, where the images and the calls' outputs are replaced by <paramref name="sources"/>, so that each
    /// depends on these only through what the network computes between its modules; null where the calls are others.
    /// </summary>
    private List<Tensor>? Inputs(Tensor[] sources)
    {
        List<Tensor> inputs = [];
        bool same = true;
        using IDisposable hooks = Hooks((module, x, _) =>
        {
            inputs.Add(x);
            same = same && inputs.Count <= calls.Count && calls[inputs.Count - 1].Module == module;
            return same ? sources[inputs.Count].clone() : null;
        });
        inputs.Add(network.LogitsOfNormalized(sources[0].clone()));
        return same && inputs.Count == calls.Count + 1 ? inputs : null;
    }

    // Those that the values depend on.
    private static HashSet<object> Reached(IEnumerable<Tensor> values, Tensor[] points, Generator generator)
    {
        // What allow_unused answers counts as a live tensor for ever: every point has a gradient instead.
        Tensor sum = stack([.. values.Select(value => (value * Noise(value, generator)).sum()), .. points.Select(point => point.sum() * 0)]).sum();
        return points.Length == 0
            ? []
            : autograd.grad([sum], points, null, true, false).Zip(points)
                .Where(pair => pair.First.count_nonzero().ToInt64() > 0)
                .Select(pair => (object)pair.Second)
                .ToHashSet(ReferenceEqualityComparer.Instance);
    }

    private static Tensor Noise(Tensor like, Generator generator) => CpuDraws.Normal(like, generator);

    // As large as the values, so that a kink among them is crossed.
    private static Tensor Size(Tensor values) => values.detach().square().mean().sqrt() + 1e-3;

    // Inputs are copied before the module runs: it may write over them.
    private Undo Hooks(Func<int, Tensor, Tensor, Tensor?> answer)
    {
        Tensor? input = null;
        Tensor? See(Tensor x)
        {
            input = x.clone().KeptIn(kept);
            return null;
        }

        return Undo.All(observed.SelectMany(IEnumerable<IDisposable> (entry, index) => entry.Site is { } site
            ? [site.Observe((x, y) => answer(index, x.clone().KeptIn(kept), y))]
            : [ForwardHooks.Before(entry.Module, See), ForwardHooks.After(entry.Module, (_, y) => answer(index, input!, y))]).ToArray());
    }

    private bool IsTakenInPlace(Tensor output)
        => calls.Exists(other => LayerKinds.WorksInPlace(observed[other.Module].Module)
            && other.Input.shape.SequenceEqual(output.shape)
            && other.Input.eq(output).all().ToBoolean());

    /// <summary>Something that hooks do not see.</summary>
    /// <param name="Finding">A sentence that names it.</param>
    /// <param name="HarmsRelevance">Whether relevance is wrong with it.</param>
    /// <param name="HarmsSignals">Whether attributions that change the signal at activations are wrong with it.</param>
    internal sealed record Unseen(string Finding, bool HarmsRelevance, bool HarmsSignals);
}
