using System.Globalization;
using System.Text.RegularExpressions;

namespace RobustAttribution.Metrics;

/// <summary>
/// One of several jobs that each measure a part of a dataset: every <see cref="Count"/>-th batch, from the <see cref="Index"/>-th on.
/// </summary>
/// <remarks>
/// Whole batches, since libtorch rounds an image's numbers by the size of its batch: put together they are those of one job, bit for bit.
/// </remarks>
public sealed partial record Shard
{
    /// <summary>A shard.</summary>
    /// <param name="index">Which one, from 0; an MPI rank, or the index of a job in an array.</param>
    /// <param name="count">How many there are, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1, or the index is not one of 0 to count − 1.</exception>
    public Shard(int index, int count)
    {
        Count = Require.InRange(count, 1, name: nameof(count));
        Index = Require.InRange(index, 0, count - 1, nameof(index));
    }

    /// <summary>Which one, from 0.</summary>
    public int Index { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The only shard: everything.</summary>
    public static Shard Whole { get; } = new(0, 1);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">"3/8": the fourth of eight.</param>
    /// <exception cref="FormatException">It is none; the message says what is.</exception>
    public static Shard Parse(string text)
    {
        Match match = Written().Match(Require.NotNull(text, nameof(text)));
        return match.Success
            && int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out int index)
            && int.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out int count)
            && index < count
            ? new Shard(index, count)
            : throw new FormatException(
                $"'{text}' is no shard; allowed are 0/1 and the like: a number from 0 on, '/', and a larger one, how many there are.");
    }

    /// <summary>"3/8": the fourth of eight.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    internal bool Has(long batch) => batch % Count == Index;

    [GeneratedRegex(@"^\s*(\d+)\s*/\s*(\d+)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Written();
}
