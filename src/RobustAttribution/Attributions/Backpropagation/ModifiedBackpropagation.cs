using RobustAttribution.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution that sends something other than the gradient of the target logit back through some layers.</summary>
/// <remarks>
/// Two forward passes with hooks, in evaluation mode (docs/decisions/relevance.md). The first records input and output of those layers. In the
/// second, the output of each is replaced by a tensor of the recorded value whose gradient is the attribution's rule. The rule's factors are
/// computed from the first pass, so that derivatives of the attribution are right. Everything else, joins and pools for example, passes the ordinary
/// gradient. The table of docs/how-to/bring-your-own-network.md lists the modules that are understood; any other is an error.
/// </remarks>
public abstract record ModifiedBackpropagation : SinglePassAttribution
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <summary>Whether the outputs of convolutions, linear layers and batch normalisations are replaced, too.</summary>
    private protected virtual bool AnswersAtLinearLayers => false;

    /// <summary>Whether the attribution depends on the smallest and largest value of a pixel.</summary>
    private protected virtual bool NeedsBounds => false;

    /// <summary>Whether the attribution depends on which layers see the images.</summary>
    private protected virtual bool NeedsPlaces => false;

    /// <inheritdoc/>
    protected sealed override (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        network.RequireDerivative(images, Derivative.First);
        LayerKinds.RequireUnderstood(
            network, GetType().Name, images, unseen => AnswersAtLinearLayers ? unseen.HarmsRelevance : unseen.HarmsSignals);
        using DisposeScope kept = NewDisposeScope();
        using IDisposable mode = network.WithMode(training: false);
        Tensor normalized = network.Normalize(images);
        Tensor input = createGraph ? normalized : normalized.detach();
        List<LayerCall> calls = [];
        Tensor logits = Record(network, input, createGraph, calls, kept);
        Tensor every = arange(network.ClassCount, ScalarType.Int64, network.Device);
        Tensor chosen = target(logits).unsqueeze(1).eq(every).to(logits.dtype); // [N,K], one-hot

        if (NeedsPlaces && !PixelPlaces.Mark(network, calls, kept))
        {
            throw AnotherWay();
        }

        if (NeedsPlaces && calls.All(call => call.Places is null))
        {
            throw new NotSupportedException(
                $"No layer of the network {network.Backbone.GetName()} sees the normalised images as they are, flattened, or padded with zeros; "
                + $"{GetType().Name} has a rule for the layer that does. Begin with a convolution or linear layer, or leave the rule out.");
        }

        var pass = new SecondPass(network, input, NeedsBounds, createGraph);
        int next = 0;
        using (Hooks(
            network,
            (layer, x, _) => next < calls.Count && ReferenceEquals(calls[next].Layer, layer)
                ? Answer(pass, calls[next++], x.alias().KeptIn(kept))
                : throw AnotherWay()))
        {
            Tensor second = network.LogitsOfNormalized(network.MayWorkInPlace ? pass.Leaf.clone() : pass.Leaf);
            return next == calls.Count
                ? (Attribution(pass, (second * chosen).sum()).MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope())
                : throw AnotherWay();
        }

        NotSupportedException AnotherWay() => new(
            $"The network {network.Backbone.GetName()} calls its layers in another order each time; {GetType().Name} needs two equal passes. "
            + "Use an attribution that needs gradients only.");
    }

    /// <summary>Whether an activation's output is replaced; if not, it passes the ordinary gradient.</summary>
    private protected abstract bool AnswersAt(ActivationSite site);

    /// <summary>Computes the tensor that replaces a layer's output in the second pass.</summary>
    /// <param name="pass">The second pass.</param>
    /// <param name="call">The same call in the first pass.</param>
    /// <param name="input">The layer's input in the second pass, of the same value as in the first.</param>
    /// <returns>A tensor of the value of the first pass's output; null to keep the layer's own output.</returns>
    private protected abstract Tensor? Answer(SecondPass pass, LayerCall call, Tensor input);

    /// <summary>The attribution, from the score (the sum of the target logits) at the end of the second pass.</summary>
    private protected abstract Tensor Attribution(SecondPass pass, Tensor score);

    private Tensor Record(ImageNetwork network, Tensor input, bool createGraph, List<LayerCall> calls, DisposeScope kept)
    {
        var convolutions = new Dictionary<Tensor, LayerCall>(ReferenceEqualityComparer.Instance);
        using IDisposable mode = createGraph ? enable_grad() : no_grad();
        using IDisposable hooks = Hooks(network, (layer, x, y) =>
        {
            LayerCall? convolution = layer is BatchNorm2d normalization
                && convolutions.TryGetValue(x, out LayerCall? found)
                && LayerKinds.AreOneBlock(network, (Conv2d)found.Layer, normalization)
                && (!network.MayWorkInPlace || x.eq(found.Output).all().ToBoolean())
                ? found
                : null;
            var call = new LayerCall(layer, Keep(x), Keep(y), convolution);
            if (call.Convolution is { } folded)
            {
                folded.IsFolded = true;
            }

            calls.Add(call);
            Tensor passed = network.MayWorkInPlace ? y.clone() : y;
            if (layer is Conv2d)
            {
                convolutions[passed] = call;
            }

            return passed;
        });
        return network.LogitsOfNormalized(input);

        // Not changed by modules that work in place.
        Tensor Keep(Tensor tensor) => (network.MayWorkInPlace ? tensor.clone() : tensor.alias()).KeptIn(kept);
    }

    private Undo Hooks(ImageNetwork network, Func<object, Tensor, Tensor, Tensor?> answer)
    {
        IEnumerable<IDisposable> linear = AnswersAtLinearLayers
            ? network.Modules.Where(LayerKinds.IsLinear)
                .Select(module => ForwardHooks.After((nn.Module<Tensor, Tensor>)module, (x, y) => answer(module, x, y)))
            : [];
        return Undo.All([.. linear, .. network.Activations.Where(AnswersAt).Select(site => site.Observe((x, y) => answer(site, x, y)))]);
    }
}
