using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Layer-wise relevance propagation (Bach et al. 2015): the target logit is shared out from layer to layer until every pixel has its share.</summary>
/// <remarks>
/// What travels back is c = R/z, the relevance of a value divided by the value, which behaves as a gradient: a join passes c to both branches, so that they share R in proportion to their values and its
/// sum is kept exactly; activations, pooling, flattening and joins need no division at all. A batch normalisation behind a convolution is folded into it; the network is
/// therefore put in evaluation mode for the pass. The normalisation of the pictures passes relevance on unchanged.
/// <para>
/// ReLU passes its relevance on unchanged, as in the papers. A smooth activation φ counts as its tangent φ'(x)·x + (φ(x) − φ'(x)·x), whose offset keeps its share of relevance as a bias would: passing R on
/// unchanged there would divide by inputs near zero. So LRP-0 is gradient × normalised input on every network, and maps of a softplus network tend to those of the ReLU network for large β.
/// </para>
/// </remarks>
public sealed record LayerwiseRelevance : ModifiedBackpropagation
{
    /// <summary>Which rule each kind of layer follows. <see cref="KnownRelevanceComposites.EpsilonPlus"/> by default.</summary>
    public RelevanceComposite Composite { get; init => field = Require.NotNull(value); } = KnownRelevanceComposites.EpsilonPlus;

    /// <summary>
    /// Whether biases keep the share of relevance that falls to them, as in the papers' formulas. True by default. With false the relevance of a picture adds up to its target logit
    /// on ReLU networks, but for ε and for outputs that stand on their bias alone: their relevance is lost, and where inputs nearly cancel, shares get large.
    /// </summary>
    public bool BiasTakesRelevance { get; init; } = true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        using IDisposable mode = network.WithMode(training: false);
        return base.ExplainWithLogits(network, images, target, createGraph);
    }

    private protected override Tensor Explain(ImageNetwork network, LayerTape tape, Tensor input, Tensor logits, Tensor target, bool createGraph)
    {
        Tensor lowest = Bound(network.Input.LowerBound), highest = Bound(network.Input.UpperBound);
        Dictionary<Tensor, RelevanceInput> first = InputsWithBounds(tape, new RelevanceInput(input, lowest, highest));
        Tensor signalAtLowest = zeros_like(lowest), signalAtHighest = zeros_like(highest);
        Tensor signal = tape.Backward(logits, target, input, Back);
        return (input * signal) + (lowest.detach() * signalAtLowest) + (highest.detach() * signalAtHighest);

        Tensor Bound(double value) => network.Normalize(full_like(input, value)).detach().requires_grad_(true);

        Tensor Value(Tensor tensor) => createGraph ? tensor : tensor.detach();

        IReadOnlyList<Tensor> Back(TapeStep step, Tensor c)
        {
            if (step.Layer is null or ActivationLayer or MaxPoolLayer or GlobalAveragePoolLayer or FlattenLayer)
            {
                return Gradient(step, c, createGraph);
            }

            LinearMap map = LinearMap.Of(step, BiasTakesRelevance)
                ?? throw new NotSupportedException($"{nameof(LayerwiseRelevance)} has no rule for a {step.Layer.GetType().Name}; it knows the layers of {nameof(RobustAttribution)}.{nameof(Networks)}.");
            bool isFirst = first.TryGetValue(step.Input, out RelevanceInput? bounded);
            RelevanceRule kind = step.Layer is ConvolutionLayer ? Composite.Convolution : Composite.Dense;
            RelevanceRule rule = isFirst && Composite.FirstLayer is { } chosen ? chosen : kind;
            return [Share(rule, map, rule.NeedsBounds && isFirst ? bounded! : new RelevanceInput(step.Input), c * Value(step.Output))];
        }

        // c at the layer's input, from the relevance of its outputs.
        Tensor Share(RelevanceRule rule, LinearMap map, RelevanceInput at, Tensor relevance)
        {
            Tensor[] points = at.Lowest is null ? [at.Values] : [at.Values, lowest, highest];
            Tensor c = zeros_like(at.Values);
            foreach ((double share, Tensor part) in rule.Parts(map, at).Where(found => found.Part.requires_grad))
            {
                IList<Tensor> found = autograd.grad([part], points, [relevance * share / Stabilized(Value(part), rule.Stabilizer)], true, createGraph, true);
                c = Sum(c, found[0]);
                if (at.Lowest is not null)
                {
                    signalAtLowest = Sum(signalAtLowest, found[1]);
                    signalAtHighest = Sum(signalAtHighest, found[2]);
                }
            }

            return c;
        }
    }

    /// <summary>The inputs of the layers that see the picture, flattened or not, with their bounds.</summary>
    private static Dictionary<Tensor, RelevanceInput> InputsWithBounds(LayerTape tape, RelevanceInput picture)
    {
        var found = new Dictionary<Tensor, RelevanceInput>(ReferenceEqualityComparer.Instance) { [picture.Values] = picture };
        foreach (TapeStep step in tape.Steps)
        {
            if (step.Layer is FlattenLayer && found.TryGetValue(step.Input, out RelevanceInput? before))
            {
                found[step.Output] = new RelevanceInput(step.Output, before.Lowest!.flatten(1), before.Highest!.flatten(1));
            }
        }

        return found;
    }

    private static Tensor Sum(Tensor sum, Tensor summand) => summand.IsInvalid ? sum : sum + summand;

    private static Tensor Stabilized(Tensor z, double epsilon) => where(z.ge(0), z + epsilon, z - epsilon);
}
