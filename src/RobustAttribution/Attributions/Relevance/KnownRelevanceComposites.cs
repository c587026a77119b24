namespace RobustAttribution.Attributions;

/// <summary>The usual composites of layer-wise relevance (Kohlbrenner et al. 2020; Montavon et al. 2019).</summary>
public static class KnownRelevanceComposites
{
    /// <summary>LRP-ε everywhere.</summary>
    public static RelevanceComposite Epsilon { get; } = new();

    /// <summary>z⁺ at convolutions, ε at linear layers.</summary>
    public static RelevanceComposite EpsilonPlus { get; } = new() { Convolution = new PositiveRule() };

    /// <summary>z-box at the first layer, γ = 0.25 at convolutions, ε at linear layers.</summary>
    public static RelevanceComposite EpsilonGammaBox { get; } = new() { FirstLayer = new BoxRule(), Convolution = new GammaRule() };

    /// <summary>z-box at the first layer, z⁺ at convolutions, ε at linear layers.</summary>
    public static RelevanceComposite EpsilonPlusBox { get; } = new() { FirstLayer = new BoxRule(), Convolution = new PositiveRule() };

    /// <summary>α2β1 at convolutions, ε at linear layers.</summary>
    public static RelevanceComposite EpsilonAlpha2Beta1 { get; } = new() { Convolution = new AlphaBetaRule() };
}
