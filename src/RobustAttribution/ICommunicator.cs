using System.Globalization;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>The processes, called ranks, that compute one job together. <see cref="Communicator.Single"/> is the job of one process.</summary>
/// <remarks>
/// Every method is called by all ranks, in the same order, by one thread of each at a time. A rank that fails ends the job: none may go on alone.
/// </remarks>
public interface ICommunicator
{
    /// <summary>The number of this process, from 0 to below <see cref="Size"/>.</summary>
    int Rank { get; }

    /// <summary>The number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>The number of this process among those on its machine, from 0: it chooses the GPU.</summary>
    int LocalRank { get; }

    /// <summary>Replaces the values of every rank by their sums over the ranks.</summary>
    /// <remarks>Added in the order of the ranks, so the sums are the same bits on every rank and in every run.</remarks>
    /// <param name="values">float32, bfloat16 or float64, of one type and size on all ranks; on any device.</param>
    void SumInPlace(Tensor values);

    /// <summary>Replaces the bytes of every rank by those of one of them.</summary>
    /// <param name="values">Of one length on all ranks.</param>
    /// <param name="root">The rank whose bytes they become.</param>
    void Broadcast(Span<byte> values, int root = 0);

    /// <summary>The bytes of all ranks, on every rank.</summary>
    /// <param name="values">Those of this rank; each may have another number of them.</param>
    /// <returns>One array for each rank, in their order.</returns>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values);

    /// <summary>Returns once every rank has called it.</summary>
    void Barrier();
}

/// <summary>The communicators that need no library.</summary>
public static class Communicator
{
    /// <summary>The job of one process: nothing is exchanged, and nothing costs anything.</summary>
    public static ICommunicator Single { get; } = new SingleProcess();

    private sealed class SingleProcess : ICommunicator
    {
        public int Rank => 0;

        public int Size => 1;

        public int LocalRank => 0;

        public void SumInPlace(Tensor values)
        {
        }

        public void Broadcast(Span<byte> values, int root = 0) => Require.InRange(root, 0, 0, nameof(root));

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values) => [values.ToArray()];

        public void Barrier()
        {
        }

        public override string ToString() => "one process";
    }
}

/// <summary>Exchanges of values that are no tensors on a device.</summary>
internal static class CommunicatorValues
{
    private const int ShownAround = 120; // characters of long values that differ

    /// <summary>The sum over the ranks of each value.</summary>
    public static double[] SumOf(this ICommunicator communicator, params double[] values)
    {
        if (communicator.Size > 1)
        {
            using Tensor tensor = torch.tensor(values, device: CPU);
            communicator.SumInPlace(tensor);
            return tensor.data<double>().ToArray();
        }

        return values;
    }

    /// <summary>Whether it is so on any rank.</summary>
    public static bool Any(this ICommunicator communicator, bool here) => communicator.SumOf(here ? 1 : 0)[0] > 0;

    /// <summary>Throws unless all ranks name the same values in the same order.</summary>
    /// <exception cref="ArgumentException">A value differs; the message has its name and both values.</exception>
    public static void RequireSame(this ICommunicator communicator, params (string Name, object? Value)[] facts)
    {
        string[] texts = [.. facts.Select(fact => string.Create(CultureInfo.InvariantCulture, $"{fact.Name} is {fact.Value ?? "null"}"))];
        string[][] all =
        [
            .. communicator.Gather(JsonSerializer.SerializeToUtf8Bytes(texts)).Select(bytes => JsonSerializer.Deserialize<string[]>(bytes)!),
        ];
        for (int rank = 1; rank < all.Length; rank++)
        {
            if (all[0].Zip(all[rank]).FirstOrDefault(pair => pair.First != pair.Second) is { First: { } first, Second: { } second })
            {
                int same = first.Zip(second).TakeWhile(pair => pair.First == pair.Second).Count();
                throw new ArgumentException(
                    $"The ranks of a training must train the same: {Shown(first, same)} on rank 0, and {Shown(second, same)} on rank {rank}.");
            }
        }

        static string Shown(string text, int same)
        {
            int name = text.IndexOf(" is ", StringComparison.Ordinal) + 4, start = Math.Max(name, same - ShownAround), end = same + ShownAround;
            return text[..name] + (start > name ? "…" : string.Empty) + (end < text.Length ? text[start..end] + "…" : text[start..]);
        }
    }

    /// <summary>A number of rank 0, on every rank.</summary>
    public static long Shared(this ICommunicator communicator, long value)
    {
        byte[] bytes = BitConverter.GetBytes(value);
        communicator.Broadcast(bytes);
        return BitConverter.ToInt64(bytes);
    }

    /// <summary>Gives every rank the values of rank 0.</summary>
    public static void Broadcast(this ICommunicator communicator, Tensor values)
    {
        if (communicator.Size == 1 || values.numel() == 0)
        {
            return;
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Tensor here = values.detach().cpu().contiguous();
        communicator.Broadcast(here.bytes);
        values.copy_(here);
    }
}
