namespace RobustAttribution.Networks;

/// <summary>The images that a network takes: their shape, and the per-channel normalisation that is its first layer.</summary>
public sealed record InputSpecification(int Channels, int Height, int Width)
{
    /// <summary>C, 1 to 4,096.</summary>
    public int Channels { get; init => field = Require.InRange(value, 1, Limits.ImageChannels); }
        = Require.InRange(Channels, 1, Limits.ImageChannels, nameof(Channels));

    /// <summary>H in pixels, 1 to 16,384.</summary>
    public int Height { get; init => field = Require.InRange(value, 1, Limits.ImageSide); }
        = Require.InRange(Height, 1, Limits.ImageSide, nameof(Height));

    /// <summary>W in pixels, 1 to 16,384.</summary>
    public int Width { get; init => field = Require.InRange(value, 1, Limits.ImageSide); }
        = Require.InRange(Width, 1, Limits.ImageSide, nameof(Width));

    /// <summary>Mean of each channel in pixel scale [0, 1], finite; one value stands for all channels. 0.5 by default.</summary>
    public IReadOnlyList<double> Mean { get; init => field = CheckMeans(value); } = [0.5];

    /// <summary>Standard deviation of each channel in pixel scale, above 0; one value stands for all channels. 0.5 by default.</summary>
    public IReadOnlyList<double> StandardDeviation { get; init => field = CheckDeviations(value); } = [0.5];

    /// <summary>The smallest value a pixel can have: 0.</summary>
    public double LowerBound { get; init => field = Require.Finite(value); }

    /// <summary>The largest value a pixel can have: 1.</summary>
    public double UpperBound { get; init => field = Require.Finite(value); } = 1;

    /// <summary>Values in one image: C·H·W.</summary>
    public int ValueCount => checked(Channels * Height * Width);

    /// <summary>
    /// Throws unless an image has at most 2²⁸ values, the lists have one value or one for each channel, and the bounds are in order.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// C·H·W is above 2²⁸, a list's length is neither 1 nor <see cref="Channels"/>, or the bounds are not ascending.
    /// </exception>
    public void Validate()
    {
        if ((long)Channels * Height * Width > Limits.ImageValues)
        {
            throw new ArgumentException(
                $"Images are {Channels}×{Height}×{Width} (channels × height × width); allowed are at most {Limits.ImageValues} values in one.");
        }

        foreach ((string name, int count) in new[] { (nameof(Mean), Mean.Count), (nameof(StandardDeviation), StandardDeviation.Count) })
        {
            if (count != 1 && count != Channels)
            {
                throw new ArgumentException($"{name} has {count} values; allowed are 1 or {Channels}, one for each channel.");
            }
        }

        if (!(LowerBound < UpperBound))
        {
            throw new ArgumentException(
                $"{nameof(LowerBound)} is {LowerBound} and {nameof(UpperBound)} is {UpperBound}; the first must be below the second.");
        }
    }

    /// <inheritdoc/>
    public bool Equals(InputSpecification? other)
        => other is not null
            && (Channels, Height, Width, LowerBound, UpperBound) == (other.Channels, other.Height, other.Width, other.LowerBound, other.UpperBound)
            && Mean.SequenceEqual(other.Mean) && StandardDeviation.SequenceEqual(other.StandardDeviation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Channels, Height, Width, Mean.Count, StandardDeviation.Count);

    private static IReadOnlyList<double> CheckMeans(IReadOnlyList<double>? values)
    {
        foreach (double value in Require.NotNull(values, nameof(Mean)))
        {
            Require.Finite(value, nameof(Mean));
        }

        return values!;
    }

    private static IReadOnlyList<double> CheckDeviations(IReadOnlyList<double>? values)
    {
        foreach (double value in Require.NotNull(values, nameof(StandardDeviation)))
        {
            Require.Positive(value, nameof(StandardDeviation));
        }

        return values!;
    }
}
