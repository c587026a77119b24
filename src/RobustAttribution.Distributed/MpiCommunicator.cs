using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Distributed;

/// <summary>The processes that <c>mpirun</c> or <c>srun</c> started, over the installed MPI library (Open MPI 4 or 5, MPICH, Intel MPI).</summary>
/// <remarks>
/// MPI moves the bytes; sums are computed here, each value once, in the order of the ranks. So they do not depend on MPI's algorithms, and bfloat16,
/// of which MPI knows nothing, is summed in float32. Tensors on a GPU go through host memory.
/// </remarks>
public sealed class MpiCommunicator : ICommunicator
{
    private const int PieceBytes = 4 << 20; // summed at once: small enough for the processor's caches
    private const int BroadcastBytes = 1 << 30;

    private readonly MpiLibrary library;
    private readonly Lock gate = new();
    private readonly string description;
    private byte[] received = [];
    private byte[] sum = [];

    private MpiCommunicator(MpiLibrary library)
    {
        this.library = library;
        (Rank, Size, LocalRank) = library.Place();
        description = $"rank {Rank} of {Size} over {library.Version}, which {(library.IsCudaAware ? "is" : "is not")} CUDA-aware: "
            + "tensors on a GPU go through host memory";
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int LocalRank { get; }

    /// <summary>
    /// Runs a program as one rank of a job. If it throws, or returns another number than 0, the whole job ends at once: the other ranks would wait
    /// for this one forever.
    /// </summary>
    /// <param name="program">The program; returns its exit code. What it throws is written to the error output.</param>
    /// <returns>0; to be returned by Main.</returns>
    /// <exception cref="DllNotFoundException">There is no MPI library; the message says what to install.</exception>
    /// <exception cref="InvalidOperationException">
    /// MPI has begun in this process already, or the launcher started several processes that this MPI library does not know of.
    /// </exception>
    public static int Run(Func<MpiCommunicator, int> program)
    {
        Require.NotNull(program, nameof(program));
        MpiLibrary library = MpiLibrary.Load();
        library.Initialize();
        MpiCommunicator? communicator = null;
        try
        {
            communicator = new MpiCommunicator(library);
            communicator.CheckLauncher();
            int code = program(communicator);
            if (code != 0)
            {
                Abort(library, communicator, $"returned {code}.", code);
            }
        }
        catch (Exception error)
        {
            Abort(library, communicator, $"failed: {error}", 1);
            throw;
        }

        library.End();
        return 0;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public void SumInPlace(Tensor values)
    {
        Require.NotNull(values, nameof(values));
        if (values.dtype is not (ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float64))
        {
            throw new ArgumentException($"values is {values.dtype}; allowed is Float32, BFloat16 or Float64.", nameof(values));
        }

        if (Size == 1)
        {
            return;
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        bool isHere = values.device_type == DeviceType.CPU && values.is_contiguous();
        Tensor here = isHere ? values.detach() : values.detach().cpu().contiguous();
        lock (gate)
        {
            Span<byte> bytes = here.bytes;
            int width = bytes.Length == 0 ? 1 : bytes.Length / (int)here.numel();
            for (int start = 0; start < bytes.Length; start += PieceBytes)
            {
                SumPiece(bytes.Slice(start, Math.Min(PieceBytes, bytes.Length - start)), width, here.dtype);
            }
        }

        if (!isHere)
        {
            values.copy_(here);
        }

        GC.KeepAlive(here);
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> values, int root = 0)
    {
        Require.InRange(root, 0, Size - 1, nameof(root));
        lock (gate)
        {
            for (int start = 0; start < values.Length && Size > 1; start += BroadcastBytes)
            {
                library.Broadcast(values[start..Math.Min(start + BroadcastBytes, values.Length)], root);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values)
    {
        byte[] lengths = new byte[Size * sizeof(int)];
        byte[][] all = new byte[Size][];
        lock (gate)
        {
            library.Collect(
                BitConverter.GetBytes(values.Length), lengths, [.. Enumerable.Repeat(sizeof(int), Size)], Offsets(Size, sizeof(int)));
        }

        for (int rank = 0; rank < Size; rank++)
        {
            all[rank] = rank == Rank ? values.ToArray() : new byte[BitConverter.ToInt32(lengths, rank * sizeof(int))];
            Broadcast(all[rank], rank);
        }

        return all;
    }

    /// <inheritdoc/>
    public void Barrier()
    {
        lock (gate)
        {
            library.Barrier();
        }
    }

    /// <summary>Rank, size, library, and whether it is CUDA-aware: a line for the log.</summary>
    public override string ToString() => description;

    /// <summary>Each rank gets its part of all ranks' values, adds them up in their order, and gets the sums of the others' parts.</summary>
    private void SumPiece(Span<byte> piece, int width, ScalarType type)
    {
        int count = piece.Length / width;
        int[] starts = [.. Enumerable.Range(0, Size + 1).Select(rank => (int)((long)count * rank / Size) * width)];
        int[] counts = [.. Enumerable.Range(0, Size).Select(rank => starts[rank + 1] - starts[rank])];
        int own = counts[Rank];
        Array.Resize(ref received, Math.Max(received.Length, own * Size));
        Array.Resize(ref sum, Math.Max(sum.Length, own));
        library.Exchange(piece, counts, starts[..^1], received, [.. Enumerable.Repeat(own, Size)], Offsets(Size, own));
        Span<byte> total = sum.AsSpan(0, own);
        switch (type)
        {
            case ScalarType.Float32:
                Add<float>(total);
                break;
            case ScalarType.Float64:
                Add<double>(total);
                break;
            default:
                AddBFloat16(MemoryMarshal.Cast<byte, ushort>(total));
                break;
        }

        library.Collect(total, piece, counts, starts[..^1]);
    }

    private void Add<T>(Span<byte> total)
        where T : struct, INumber<T>
    {
        received.AsSpan(0, total.Length).CopyTo(total);
        Span<T> sums = MemoryMarshal.Cast<byte, T>(total);
        for (int rank = 1; rank < Size; rank++)
        {
            ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(received.AsSpan(rank * total.Length, total.Length));
            int place = 0;
            for (; place <= sums.Length - Vector<T>.Count; place += Vector<T>.Count)
            {
                (new Vector<T>(sums[place..]) + new Vector<T>(values[place..])).CopyTo(sums[place..]);
            }

            for (; place < sums.Length; place++)
            {
                sums[place] += values[place];
            }
        }
    }

    // The upper half of a float32. Sums are rounded once, to the nearest, halves to even.
    private void AddBFloat16(Span<ushort> total)
    {
        ReadOnlySpan<ushort> values = MemoryMarshal.Cast<byte, ushort>(received.AsSpan(0, total.Length * sizeof(ushort) * Size));
        for (int place = 0; place < total.Length; place++)
        {
            float value = 0;
            for (int rank = 0; rank < Size; rank++)
            {
                value += BitConverter.UInt32BitsToSingle((uint)values[(rank * total.Length) + place] << 16);
            }

            uint bits = BitConverter.SingleToUInt32Bits(value);
            total[place] = (ushort)(float.IsNaN(value) ? 0x7FC0 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    private static int[] Offsets(int count, int width) => [.. Enumerable.Range(0, count).Select(i => i * width)];

    // Else each process would train alone, and write the same files as all others.
    private void CheckLauncher()
    {
        foreach (string variable in new[] { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS" })
        {
            if (Size == 1 && Environment.GetEnvironmentVariable(variable) is { } text
                && int.TryParse(text, CultureInfo.InvariantCulture, out int started) && started > 1)
            {
                throw new InvalidOperationException(
                    $"{variable} is {started}, but {library.Version} ({library.File}) knows of this process alone. Start the program with the"
                    + " mpirun of that library, or with srun --mpi=pmix or --mpi=pmi2, as it was built for.");
            }
        }
    }

#pragma warning disable RS0030 // the process ends here, and nobody is left to be told otherwise
    private static void Abort(MpiLibrary library, MpiCommunicator? communicator, string message, int code)
    {
        string who = communicator is null ? "A rank" : $"Rank {communicator.Rank} of {communicator.Size}";
        Console.Error.WriteLine($"{who} {message}\n{who} ends the job.");
        Console.Error.Flush();
        library.Abort(code);
    }
#pragma warning restore RS0030
}
