namespace RobustAttribution.Training;

/// <summary>
/// A small deterministic generator (Steele, Lea and Flood 2014) for the orders of images, and for seeds derived from a seed. Its values are the same
/// on every machine and in every version.
/// </summary>
/// <param name="seed">Start of the sequence.</param>
internal struct SplitMix64(long seed)
{
    private ulong state = unchecked((ulong)seed);

    /// <summary>
    /// A seed of its own for each (purpose, index): mix(mix(mix(seed + γ) + (purpose + 1)·γ) + (index + 1)·γ), where mix and γ are the generator's
    /// finaliser and increment.
    /// </summary>
    /// <param name="seed">The seed a person chose.</param>
    /// <param name="purpose">A number for each purpose; different purposes give unrelated sequences.</param>
    /// <param name="index">E.g. the epoch.</param>
    public static long Derive(long seed, int purpose, long index = 0)
    {
        unchecked
        {
            ulong first = Mix((ulong)seed + Increment);
            ulong second = Mix(first + ((ulong)purpose * Increment) + Increment);
            return (long)Mix(second + ((ulong)index * Increment) + Increment);
        }
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong Next() => Mix(unchecked(state += Increment));

    /// <summary>A whole number from 0 to below <paramref name="bound"/>, all equally likely.</summary>
    /// <param name="bound">At least 1.</param>
    public long Below(long bound)
    {
        ulong range = bound >= 1
            ? (ulong)bound
            : throw new ArgumentOutOfRangeException(nameof(bound), bound, $"bound is {bound}; allowed is a whole number of at least 1.");
        ulong excess = unchecked(0 - range) % range; // 2^64 mod range: the values that would make the first results likelier
        ulong value;
        do
        {
            value = Next();
        }
        while (value < excess);
        return (long)(value % range);
    }

    /// <summary>The numbers from 0 to below <paramref name="count"/> in random order (Fisher and Yates).</summary>
    public long[] Permutation(long count)
    {
        long[] order = new long[count];
        for (long i = 0; i < count; i++)
        {
            long other = Below(i + 1);
            order[i] = order[other];
            order[other] = i;
        }

        return order;
    }

    private const ulong Increment = 0x9E3779B97F4A7C15;

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}

/// <summary>The purposes of the seeds derived from <see cref="TrainingOptions.Seed"/>. Another number is another training.</summary>
internal static class RandomPurpose
{
    public const int Order = 0;
    public const int Augmentation = 1;
    public const int Objective = 2;
}
