using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

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

    /// <summary>Standard deviation of each channel in pixel scale, above 0 to 1; one value stands for all channels. 0.5 by default.</summary>
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
    /// C·H·W is above 2²⁸, a list's length is neither 1 nor <see cref="Channels"/>, the bounds are not ascending, or a mean or deviation is not in
    /// its
    /// scale.
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

        if (!double.IsFinite(LowerBound) || !double.IsFinite(UpperBound) || !(LowerBound < UpperBound))
        {
            throw new ArgumentException(
                $"{nameof(LowerBound)} is {LowerBound} and {nameof(UpperBound)} is {UpperBound};"
                + " both must be finite, and the first below the second.");
        }

        RequireScale(nameof(Mean), Mean, LowerBound, UpperBound);
        RequireScale(nameof(StandardDeviation), StandardDeviation, 0, UpperBound - LowerBound);
    }

    /// <summary>Two images within the bounds, gray and noise, to try a network with.</summary>
    /// <param name="seed">Decides the noise.</param>
    /// <returns>[2,C,H,W], float32, on the CPU; owned by the caller.</returns>
    internal Tensor SampleImages(long seed)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), CPU);
        Tensor noise = rand([1, Channels, Height, Width], ScalarType.Float32, CPU, generator: generator);
        Tensor shares = cat([full_like(noise, 0.5), noise], 0);
        return ((shares * (UpperBound - LowerBound)) + LowerBound).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool Equals(InputSpecification? other)
        => other is not null
            && (Channels, Height, Width, LowerBound, UpperBound) == (other.Channels, other.Height, other.Width, other.LowerBound, other.UpperBound)
            && Mean.SequenceEqual(other.Mean) && StandardDeviation.SequenceEqual(other.StandardDeviation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Channels, Height, Width, Mean.Count, StandardDeviation.Count);

    private static void RequireScale(string name, IReadOnlyList<double> values, double minimum, double maximum)
    {
        if (values.Any(value => !(value >= minimum && value <= maximum)))
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"{name} is [{string.Join(", ", values.Select(value => value.ToString("G6", CultureInfo.InvariantCulture)))}];")
                + " allowed is pixel scale,"
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $" {minimum:G6} to {maximum:G6}: divide statistics of bytes by 255, so that 123.675 is 0.485."));
        }
    }

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
