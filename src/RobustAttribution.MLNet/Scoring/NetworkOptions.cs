using RobustAttribution.Attributions;

namespace RobustAttribution.MLNet;

/// <summary>What the transforms that explain the network of a Score column share: that column, the images, and the map computed.</summary>
public abstract record NetworkOptions
{
    private protected NetworkOptions()
    {
    }

    /// <summary>The column that carries the network. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
    public string? ImageColumnName { get; init; }

    /// <summary>The attribution. The input gradient by default.</summary>
    public IAttributionMethod Method { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How it becomes a map. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>Images in one computation, 1 to 65,536; null, the default, takes the model's.</summary>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary><see cref="Method"/>, then <see cref="Reduction"/>.</summary>
    internal SaliencyMap Map => new(Method, Reduction);
}

/// <summary>What the transforms with random draws share besides.</summary>
public abstract record RandomNetworkOptions : NetworkOptions
{
    private protected RandomNetworkOptions()
    {
    }

    /// <summary>
    /// Start of the random draws; 0 by default. They depend on it and on the images of a batch, so one view always gives the same values; in another
    /// order, or row by row, the draws are others.
    /// </summary>
    public int Seed { get; init; }
}
