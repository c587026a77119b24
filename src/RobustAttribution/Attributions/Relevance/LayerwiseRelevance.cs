using RobustAttribution.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Layer-wise relevance propagation (Bach et al. 2015): the relevance of the target logit is distributed from layer to layer down to the pixels.
/// </summary>
/// <remarks>
/// Propagates c = R/z, the relevance of a value divided by the value, which behaves as a gradient: a join passes c to both branches, so that they
/// share R in proportion to their values and its sum is kept exactly. Activations, pooling, flattening and joins need no division at all. A batch
/// normalisation behind a convolution is folded into it, which requires evaluation mode during the pass. The normalisation of the images passes
/// relevance on unchanged.
/// <para>
/// ReLU passes its relevance on unchanged, as in the papers. A smooth activation φ is treated as its tangent φ'(x)·x + (φ(x) − φ'(x)·x), whose
/// offset keeps its share of relevance as a bias would: passing R on unchanged would divide by inputs near zero. So LRP-0 is gradient × normalised
/// input on every network, and the maps of a softplus network tend to those of the ReLU network for large β.
/// </para>
/// </remarks>
public sealed record LayerwiseRelevance : ModifiedBackpropagation
{
    /// <summary>The rule of each kind of layer. <see cref="RelevanceComposite.EpsilonPlus"/> by default.</summary>
    public RelevanceComposite Composite { get; init => field = Require.NotNull(value); } = RelevanceComposite.EpsilonPlus;

    /// <summary>Whether biases keep their share of the relevance, as in the papers' formulas. True by default.</summary>
    /// <remarks>
    /// With false, the relevance of an image adds up to its target logit on ReLU networks, except for ε and for outputs that only their bias makes
    /// different from 0, whose relevance is lost. Where inputs nearly cancel, shares get large.
    /// </remarks>
    public bool BiasTakesRelevance { get; init; } = true;

    private protected override bool AnswersAtLinearLayers => true;

    private protected override bool NeedsBounds
        => new[] { Composite.FirstLayer, Composite.Convolution, Composite.Dense }.Any(rule => rule?.NeedsBounds == true);

    private protected override bool NeedsPlaces => Composite.FirstLayer is not null || NeedsBounds;

    private protected override bool AnswersAt(ActivationSite site) => !site.IsRelu;

    private protected override Tensor? Answer(SecondPass pass, LayerCall call, Tensor input)
    {
        if (call.Layer is ActivationSite site)
        {
            return call.Output.detach() + (pass.Slope(site, call.Input) * (input - input.detach()));
        }

        if (call.IsFolded)
        {
            call.SecondInput = input;
        }

        if (call.IsFolded && !pass.MayHaveOtherUsers)
        {
            return null; // the batch normalisation behind it stands for both
        }

        LayerCall seeing = call.Convolution ?? call;
        Tensor second = call.Convolution is null ? input : seeing.SecondInput!;
        RelevanceRule rule = call.Layer is Conv2d || call.Convolution is not null ? Composite.Convolution : Composite.Dense;
        rule = seeing.Places is not null && Composite.FirstLayer is { } chosen ? chosen : rule;
        (Tensor Lowest, Tensor Highest)? bounds = rule.NeedsBounds ? pass.BoundsAt(seeing) : null;
        LinearMap map = LinearMap.Of(call, BiasTakesRelevance);
        (double Share, Tensor Part)[] moving = [.. rule.Parts(map, At(second, detached: false))];

        // The factors are those of the first pass; without a graph its values are those of the second.
        IEnumerable<Tensor> parts = pass.CreateGraph
            ? rule.Parts(map, At(seeing.Input, detached: true)).Select(found => found.Part)
            : moving.Select(found => found.Part.detach());
        Tensor answer = call.Output.detach();
        foreach (((double share, Tensor part), Tensor z) in moving.Zip(parts))
        {
            answer = answer + (call.Output * share / Stabilized(z, rule.Stabilizer) * (part - part.detach()));
        }

        return answer;

        RelevanceInput At(Tensor values, bool detached)
            => detached
                ? new RelevanceInput(values, bounds?.Lowest.detach(), bounds?.Highest.detach())
                : new RelevanceInput(values, bounds?.Lowest, bounds?.Highest);
    }

    private protected override Tensor Attribution(SecondPass pass, Tensor score)
    {
        Tensor[] c = pass.Derivatives(nameof(LayerwiseRelevance), score);
        Tensor relevance = pass.Input * c[0];
        return pass.Bounds is { } bounds ? relevance + (bounds.Lowest.detach() * c[1]) + (bounds.Highest.detach() * c[2]) : relevance;
    }

    private static Tensor Stabilized(Tensor z, double epsilon) => where(z.ge(0), z + epsilon, z - epsilon);
}
