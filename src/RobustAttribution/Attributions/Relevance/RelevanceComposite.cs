namespace RobustAttribution.Attributions;

/// <summary>The rule of each kind of layer. Ready-made composites are static members (Kohlbrenner et al. 2020; Montavon et al. 2019).</summary>
public sealed record RelevanceComposite
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

    /// <summary>
    /// The rule of the layers whose input is the image, flattened or padded with zeros or not; null, the default, for the rule of their kind.
    /// </summary>
    public RelevanceRule? FirstLayer { get; init; }

    /// <summary>The rule of convolutions, with the batch normalisation behind them folded in. ε by default.</summary>
    public RelevanceRule Convolution { get; init => field = Require.NotNull(value); } = new EpsilonRule();

    /// <summary>The rule of linear layers, and of batch normalisations behind no convolution of their block. ε by default.</summary>
    public RelevanceRule Dense { get; init => field = Require.NotNull(value); } = new EpsilonRule();
}
