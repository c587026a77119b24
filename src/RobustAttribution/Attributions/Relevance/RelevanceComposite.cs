namespace RobustAttribution.Attributions;

/// <summary>Which rule each kind of layer follows. Ready-made ones are in <see cref="KnownRelevanceComposites"/>.</summary>
public sealed record RelevanceComposite
{
    /// <summary>The rule of the layers that see the picture; null where they follow their kind's. Null by default.</summary>
    public RelevanceRule? FirstLayer { get; init; }

    /// <summary>The rule of convolutions, a batch normalisation behind them folded in.</summary>
    public RelevanceRule Convolution { get; init => field = Require.NotNull(value); } = new EpsilonRule();

    /// <summary>The rule of linear layers, and of batch normalisations that stand alone.</summary>
    public RelevanceRule Dense { get; init => field = Require.NotNull(value); } = new EpsilonRule();
}
