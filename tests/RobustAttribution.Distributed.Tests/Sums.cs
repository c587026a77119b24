using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Distributed.Tests;

/// <summary>A rank that exchanges known values, and writes what it found wrong.</summary>
internal static class Sums
{
    private const long Large = 3_000_001; // more than one piece, and no multiple of the ranks

    public static int Run(MpiCommunicator ranks, string folder)
    {
        List<string> wrong = [];
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float64 })
        {
            foreach (long count in new[] { 0, 1, 2, 1000, Large })
            {
                Check($"sum of {count} {type}", SumIsRight(ranks, type, count));
            }
        }

        using (Tensor table = Values(0, ScalarType.Float32, 12).reshape(3, 4), columns = table.t())
        {
            ranks.SumInPlace(columns); // not contiguous
            using Tensor expected = Values(0, ScalarType.Float32, 12).reshape(3, 4) * ranks.Size;
            Check("strided", table.allclose(expected));
        }

        byte[] sent = ranks.Rank == 1 ? [7, 8, 9] : new byte[3];
        ranks.Broadcast(sent, root: 1);
        Check("broadcast", sent is [7, 8, 9]);

        IReadOnlyList<byte[]> gathered = ranks.Gather(new byte[ranks.Rank * 2]);
        Check("gather of unequal lengths", gathered.Select(bytes => bytes.Length).SequenceEqual(Enumerable.Range(0, ranks.Size).Select(rank => rank * 2)));
        gathered = ranks.Gather([(byte)ranks.Rank]);
        Check("gather in the order of ranks", gathered.Select(bytes => (int)bytes[0]).SequenceEqual(Enumerable.Range(0, ranks.Size)));
        Check("local rank", ranks.LocalRank == ranks.Rank);
        Check("type", Throws(ranks));
        File.WriteAllLines(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"rank{ranks.Rank}")), [$"{ranks.Size}", .. wrong]);
        return 0;

        void Check(string what, bool right)
        {
            if (!right)
            {
                wrong.Add(what);
            }
        }
    }

    // In the order of the ranks, which another order would not give bit for bit.
    private static bool SumIsRight(MpiCommunicator ranks, ScalarType type, long count)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor sum = Values(ranks.Rank, type, count);
        ranks.SumInPlace(sum);
        ScalarType wide = type == ScalarType.BFloat16 ? ScalarType.Float32 : type;
        Tensor expected = Values(0, type, count).to(wide);
        for (int rank = 1; rank < ranks.Size; rank++)
        {
            expected += Values(rank, type, count).to(wide);
        }

        return sum.to(wide).eq(expected.to(type).to(wide)).all().item<bool>();
    }

    private static Tensor Values(int rank, ScalarType type, long count)
    {
        using var generator = new Generator((ulong)(rank + 1), CPU);
        return (rand(count, dtype: ScalarType.Float64, generator: generator) - 0.5).to(type);
    }

    private static bool Throws(MpiCommunicator ranks)
    {
        using Tensor integers = ones(3, dtype: ScalarType.Int64);
        try
        {
            ranks.SumInPlace(integers);
            return false;
        }
        catch (ArgumentException error)
        {
            return error.Message.Contains("Int64", StringComparison.Ordinal);
        }
    }
}
