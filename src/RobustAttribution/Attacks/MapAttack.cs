using System.Runtime.CompilerServices;
using RobustAttribution.Attributions;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>An attack on the map of a differentiable attribution.</summary>
public abstract record MapAttack : AttributionAttack
{
    /// <summary>The attribution attacked; any differentiable one. The input gradient by default.</summary>
    /// <exception cref="ArgumentException">The attribution cannot be differentiated.</exception>
    public IAttributionMethod Attribution
    {
        get;
        init => field = Differentiable(value);
    }
    = new InputGradient();

    /// <summary>How the attribution becomes the map that is attacked.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>
    /// Chooses the best iterate by the similarity of its map to the clean one, lower being better; null, the default, chooses by the attack's
    /// objective.
    /// Singh et al. 2020 report the iterate with the lowest Kendall τ.
    /// </summary>
    public IMapSimilarity? Judge { get; init; }

    /// <summary>Whether the objective has a gradient at the image itself, so that a walk may begin there.</summary>
    internal virtual bool LeavesImage => true;

    /// <inheritdoc/>
    protected internal sealed override SaliencyMap AttackedMap => new(Attribution, Reduction);

    /// <summary>The attribution, which must be differentiable.</summary>
    internal static IAttributionMethod Differentiable(IAttributionMethod value, [CallerMemberName] string name = "")
        => Require.NotNull(value, name).IsDifferentiable
            ? value
            : throw new ArgumentException($"{name} is {value.GetType().Name}; allowed is an attribution that can be differentiated.", name);

    /// <inheritdoc/>
    internal override void CheckSize(long height, long width) => (Judge as MapSimilarity)?.CheckSize(height, width);

    /// <inheritdoc/>
    protected internal sealed override Func<NetworkView, Tensor>? Criterion(NetworkView clean)
    {
        if (Judge is not { } judge)
        {
            return null;
        }

        Tensor reference = clean.Map;
        double sign = judge.HigherIsMoreSimilar ? -1 : 1;
        return view => judge.Compare(reference, view.Map.detach()) * sign;
    }
}
