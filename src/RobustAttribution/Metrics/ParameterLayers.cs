using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// The modules of a network that have parameters of their own, from the output to the input, whose values can be shuffled and brought back bit for
/// bit. Dispose of it to bring them back.
/// </summary>
/// <remarks>
/// The values of a layer's parameters and floating-point buffers change their places, so that its scale stays the same, whatever the module is; a
/// tensor of one value, or of equal ones, stays as it is. Modules that the forward pass calls without their hooks count as the last ones.
/// </remarks>
internal sealed class ParameterLayers : IDisposable
{
    private readonly ImageNetwork network;
    private readonly long seed;
    private readonly WeightSnapshot weights;
    private readonly (string Name, Tensor[] Values)[] layers;

    /// <param name="network">The network; nobody else may use it until this is disposed.</param>
    /// <param name="image">[1,C,H,W]: its forward pass shows the order of the layers.</param>
    /// <param name="seed">Decides the new places; a layer's are the same whenever it is shuffled.</param>
    public ParameterLayers(ImageNetwork network, Tensor image, long seed)
    {
        (this.network, this.seed) = (network, seed);
        Dictionary<nn.Module, int> calls = Calls(network, image);
        HashSet<nint> seen = [];
        layers =
        [
            .. network.Backbone.named_modules().Prepend((string.Empty, network.Backbone)).DistinctBy(module => module.Item2)
                .OrderBy(module => calls.GetValueOrDefault(module.Item2, int.MaxValue))
                .Select(module => (module.Item1, Values: OwnValues(module.Item2).Where(value => seen.Add(value.Handle)).ToArray()))
                .Where(layer => layer.Values.Length > 0)
                .Reverse(),
        ];
        weights = new WeightSnapshot(WeightSnapshot.Of(network), epoch: 0);
    }

    /// <summary>Their names in the backbone, the one nearest to the output first; empty for the backbone itself.</summary>
    public IReadOnlyList<string> Names => Array.ConvertAll(layers, layer => layer.Name);

    /// <summary>Shuffles one layer; the others stay as they are.</summary>
    public void Shuffle(int layer)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        using var generator = new Generator((ulong)SplitMix64.Derive(seed, 0, layer), CPU);
        foreach (Tensor value in layers[layer].Values)
        {
            Tensor places = Upload.To(value.device, randperm(value.numel(), ScalarType.Int64, CPU, false, generator));
            value.copy_(value.flatten().index_select(0, places).reshape(value.shape));
        }
    }

    /// <summary>Brings every value back.</summary>
    public void Restore() => weights.Restore(network);

    public void Dispose()
    {
        Restore();
        weights.Dispose();
    }

    private static IEnumerable<Tensor> OwnValues(nn.Module module)
        => module.named_parameters(recurse: false).Select(entry => (Tensor)entry.parameter)
            .Concat(module.named_buffers(recurse: false).Select(entry => entry.buffer).Where(buffer => buffer.is_floating_point()));

    private static Dictionary<nn.Module, int> Calls(ImageNetwork network, Tensor image)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Dictionary<nn.Module, int> calls = [];
        using Undo hooks = Undo.All(network.Modules.OfType<nn.Module<Tensor, Tensor>>().Select(module => ForwardHooks.After(module, (_, _) =>
        {
            calls.TryAdd(module, calls.Count);
            return null;
        })));
        network.Logits(image);
        return calls;
    }
}
