using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>A network's recorded structure as layers that can be written: known kinds alone, nothing guessed.</summary>
internal sealed class OnnxNetwork
{
    private readonly NetworkTrace trace;
    private readonly OnnxLayer?[] layers; // null: a convolution within the batch normalisation that follows it

    private OnnxNetwork(NetworkTrace trace, OnnxLayer?[] layers, IReadOnlyDictionary<string, int> features)
        => (this.trace, this.layers, Features) = (trace, layers, features);

    /// <summary>The step that puts out the maps of each layer that was asked for, under the layer's name.</summary>
    public IReadOnlyDictionary<string, int> Features { get; }

    /// <summary>Records a network; its tensors live in the current dispose scope.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="featureLayers">Layers whose output is needed; null for the network's.</param>
    /// <exception cref="NotSupportedException">A part of it cannot be written; the message names the module.</exception>
    /// <exception cref="InvalidOperationException">A weight is not finite.</exception>
    public static OnnxNetwork Of(ImageNetwork network, IReadOnlyCollection<string?> featureLayers)
    {
        network.RequireSameModules();
        foreach ((string name, nn.Module module) in network.Backbone.named_modules().Prepend((string.Empty, network.Backbone)))
        {
            RequirePlain(name, module);
        }

        RequireFinite(network);
        Tensor images = network.Input.SampleImages(1).to(network.DataType, network.Device);
        var trace = NetworkTrace.Of(network, images);
        trace = featureLayers.Count > 0 ? trace : trace.Fastest; // in which layers have other outputs
        IReadOnlyList<Tensor> values = trace.Replay(network.Entering(network.Normalize(images)));
        Tensor logits = network.Logits(images);
        if (!network.Leaving(values[trace.Output + 1]).allclose(logits, 1e-4, 1e-5 * Math.Max(1, logits.abs().max().ToDouble())))
        {
            throw new NotSupportedException(
                $"The modules of the network {network.Backbone.GetName()}, called as recorded, do not give its logits, so it cannot be saved as"
                + " ONNX.");
        }

        Dictionary<string, int> features = featureLayers.Select(layer => FeatureMaps.NameOf(network, layer)).Distinct()
            .ToDictionary(name => name, name => FeatureOf(network, trace, values, name));
        return new OnnxNetwork(trace, new OnnxLayers(network, trace, values, features.Values).All(), features);
    }

    /// <summary>Writes a pass from what enters the network to its logits.</summary>
    public Pass Forward(OnnxGraph graph, string entering)
    {
        var values = new string[layers.Length + 1]; // at 0 what enters, then of each step
        var backs = new Func<string, IReadOnlyList<string>>?[layers.Length];
        values[0] = entering;
        foreach ((int i, OnnxLayer? layer) in layers.Index())
        {
            string[] inputs = [.. trace.Steps[i].Inputs.Select(source => values[source + 1])];
            OnnxLayer.Written? written = layer?.Write(graph, inputs);
            (values[i + 1], backs[i]) = (written?.Output ?? inputs[0], written?.Back);
        }

        return new Pass(this, graph, values, backs);
    }

    private static int FeatureOf(ImageNetwork network, NetworkTrace trace, IReadOnlyList<Tensor> values, string name)
    {
        _ = FeatureMaps.Module(network, name);
        int[] steps = trace.StepsOf(name);
        if (steps.Length != 1)
        {
            throw new NotSupportedException($"The output of layer '{name}' is recorded {steps.Length} times in one forward pass; allowed is once.");
        }

        return values[steps[0] + 1].dim() == 4 ? steps[0] : throw new NotSupportedException(
            $"Layer '{name}' puts out [{string.Join(',', values[steps[0] + 1].shape)}]; allowed is a layer that puts out maps [N,K,h,w].");
    }

    // A hook may replace what a module computes; what a module writes over its input, the recording may take for something else.
    private static void RequirePlain(string name, nn.Module module)
    {
        string? advice = LayerKinds.WorksInPlace(module) ? "works in place: use inplace: false"
            : ForwardHooks.HasAny(module) && LayerKinds.ActivationOf(module) is not { Activation: not null } ? "has forward hooks: remove them"
            : null;
        if (advice is not null)
        {
            throw new NotSupportedException($"'{name}', a {module.GetType().Name}, cannot be saved as ONNX, since it {advice}.");
        }
    }

    private static void RequireFinite(ImageNetwork network)
    {
        var state = network.Backbone.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
            .Concat(network.Backbone.named_buffers().Select(entry => (entry.name, entry.buffer)));
        if (FiniteValues.FirstOther(state) is { } name)
        {
            throw new InvalidOperationException(
                $"Tensor '{name}' of the network {network.Backbone.GetName()} has a value that is not finite, so it is not saved as ONNX.");
        }
    }

    /// <summary>A written forward pass.</summary>
    internal sealed class Pass(OnnxNetwork network, OnnxGraph graph, string[] values, Func<string, IReadOnlyList<string>>?[] backs)
    {
        /// <summary>[N,K].</summary>
        public string Logits => Value(network.trace.Output);

        /// <summary>What a step puts out.</summary>
        /// <param name="step">The step, or <see cref="NetworkTrace.Images"/>.</param>
        public string Value(int step) => values[step + 1];

        /// <summary>Writes the way back from the logits.</summary>
        /// <param name="seed">[N,K], the signal at the logits.</param>
        /// <param name="wanted">The steps at whose output the signal is wanted.</param>
        /// <returns>The signal at each of them.</returns>
        public IReadOnlyDictionary<int, string> Back(string seed, params IReadOnlyCollection<int> wanted)
        {
            var signals = new string?[values.Length];
            signals[network.trace.Output + 1] = seed;
            for (int i = network.layers.Length - 1; i > wanted.Min(); i--)
            {
                if (signals[i + 1] is not { } signal)
                {
                    continue;
                }

                IReadOnlyList<string> back = backs[i] is { } through ? through(signal) : [signal];
                foreach ((int source, string part) in network.trace.Steps[i].Inputs.Zip(back))
                {
                    signals[source + 1] = signals[source + 1] is { } other ? graph.Node("Add", [other, part]) : part;
                }
            }

            return wanted.Distinct().ToDictionary(step => step, step => signals[step + 1] ?? throw new NotSupportedException(
                step == NetworkTrace.Images
                    ? "The logits do not depend on the images."
                    : $"The logits do not depend on what '{network.trace.Steps[step].Name}' puts out."));
        }
    }
}
