using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// The maps of some of the images measured: those with the smallest content keys, so that samples of shards merge to that of the whole. Immutable.
/// </summary>
/// <remarks>
/// A key is a hash of the image, so the sample and its order are as good as random. An image is compared with the next one in this order that has
/// the same predicted class, and with the next one that has another; the last is followed by the first. Of equal images one is kept.
/// </remarks>
internal sealed class MapSample
{
    /// <summary>Maps kept at most.</summary>
    public const int MaximumImages = 2000;

    private const long MaximumValues = 16 << 20; // 64 MiB of float32, but at least two maps
    private const int ChunkSize = 128;

    private readonly IReadOnlyList<Entry> entries; // by key

    private MapSample(IEnumerable<Entry> entries)
    {
        List<Entry> distinct = [.. entries.OrderBy(entry => entry.Key).ThenBy(entry => entry.Similarities, ByValue).DistinctBy(entry => entry.Key)];
        this.entries = distinct.Count == 0 ? [] : [.. distinct.Take(Limit(distinct[0].Map.Length))];
    }

    public static MapSample Empty { get; } = new([]);

    /// <summary>Images in the sample.</summary>
    public int Count => entries.Count;

    private static Comparer<double[]> ByValue { get; } = Comparer<double[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    /// <summary>The sample of the images of both.</summary>
    public MapSample Merge(MapSample other) => new(entries.Concat(other.entries));

    /// <summary>The similarities of maps of different images, for each measure.</summary>
    public IReadOnlyList<OtherImages> Compare(IReadOnlyList<IMapSimilarity> similarities)
    {
        double[][] same = Similarities(similarities, (a, b) => a.Class == b.Class);
        double[][] other = Similarities(similarities, (a, b) => a.Class != b.Class);
        return
        [
            .. similarities.Select((similarity, i) => new OtherImages(
                Mean(similarity, same[i]),
                Mean(similarity, other[i]),
                similarity.Ideal == 1 ? Lift.Of([.. entries.Select(entry => entry.Similarities[i])], same[i]) : null)
            {
                MapSize = entries.Count == 0 ? 0 : entries[0].Map.Length,
            }),
        ];

        static MeanSimilarity Mean(IMapSimilarity similarity, double[] values)
            => new(similarity, SampleValues.Of(values.Where(value => !double.IsNaN(value))));
    }

    private static int Limit(int mapLength) => (int)Math.Clamp(MaximumValues / mapLength, 2, MaximumImages);

    /// <summary>By measure: the similarity of each image's map and that of its partner; NaN where it has none.</summary>
    private double[][] Similarities(IReadOnlyList<IMapSimilarity> similarities, Func<Entry, Entry, bool> arePartners)
    {
        double[][] values = [.. similarities.Select(_ => Enumerable.Repeat(double.NaN, entries.Count).ToArray())];
        (int Image, int Partner)[] pairs = [.. Enumerable.Range(0, entries.Count)
            .Select(image => (image, Partner(image)))
            .Where(pair => pair.Item2 >= 0)];
        foreach ((int Image, int Partner)[] chunk in pairs.Chunk(ChunkSize))
        {
            double[][] found = Repetition.Of(() => Compare(similarities, chunk), () => true);
            for (int i = 0; i < similarities.Count; i++)
            {
                for (int pair = 0; pair < chunk.Length; pair++)
                {
                    values[i][chunk[pair].Image] = found[i][pair];
                }
            }
        }

        return values;

        int Partner(int image)
        {
            for (int step = 1; step < entries.Count; step++)
            {
                int candidate = (image + step) % entries.Count;
                if (arePartners(entries[image], entries[candidate]))
                {
                    return candidate;
                }
            }

            return -1;
        }
    }

    private double[][] Compare(IReadOnlyList<IMapSimilarity> similarities, (int Image, int Partner)[] pairs)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor first = Maps(pair => pair.Image), second = Maps(pair => pair.Partner);
        return [.. similarities.Select(similarity => similarity.Compare(first, second).data<double>().ToArray())];

        Tensor Maps(Func<(int Image, int Partner), int> place)
        {
            Entry[] chosen = Array.ConvertAll(pairs, pair => entries[place(pair)]);
            float[] values = [.. chosen.SelectMany(entry => entry.Map.ToArray())];
            return tensor(values, dtype: ScalarType.Float32, device: CPU).reshape(chosen.Length, chosen[0].Height, -1);
        }
    }

    /// <summary>Takes rows one by one, and keeps no more maps than twice the limit.</summary>
    public sealed class Builder
    {
        private List<Entry> kept = [];

        /// <summary>Adds a row with a valid attacked copy.</summary>
        /// <param name="row">The row; one without a map is passed over.</param>
        /// <param name="predicted">Its predicted class.</param>
        public void Add(RobustnessRow row, string predicted)
        {
            if (row.Map.IsEmpty)
            {
                return;
            }

            kept.Add(new Entry(row.Key, predicted, row.Map, row.MapHeight, [.. row.Similarities]));
            if (kept.Count >= 2 * Limit(row.Map.Length))
            {
                kept = [.. Build().entries];
            }
        }

        public MapSample Build() => new(kept);
    }

    private sealed record Entry(UInt128 Key, string Class, ReadOnlyMemory<float> Map, int Height, double[] Similarities);
}
