using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace RobustAttribution.Distributed;

/// <summary>The functions of the installed MPI library that are needed, bound to at run time.</summary>
/// <remarks>
/// Open MPI's handles are addresses of objects that it exports; those of MPICH, and of what has its binary interface (Intel MPI), are numbers of 32
/// bits, which an argument of pointer size passes as well.
/// </remarks>
internal sealed unsafe class MpiLibrary
{
    private const string OpenMpi = "libmpi.so.40"; // of Open MPI 4 and 5
    private const string Mpich = "libmpi.so.12", DebianMpich = "libmpich.so.12"; // of MPICH 3.1 to 4, and Intel MPI
    private const int Now = 2, Global = 0x100; // dlopen: Open MPI's plugins find its symbols among the global ones
    private const int SignalActionBytes = 512; // more than struct sigaction has on any Linux
    private const int Serialized = 2; // MPI_THREAD_SERIALIZED: any thread, one at a time

    private static readonly int[] Faults = [4, 6, 7, 8, 11]; // SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV

    private readonly nint library;
    private readonly nint world;
    private readonly nint bytes;
    private readonly nint noInfo;
    private readonly int sharedMemory;
    private readonly delegate* unmanaged<nint, int> barrier;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, int> broadcast;
    private readonly delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, int> exchange;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int> collect;

    private MpiLibrary(string file, nint library)
    {
        (File, this.library) = (file, library);
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out world))
        {
            (bytes, noInfo, sharedMemory) = (Export("ompi_mpi_byte"), Export("ompi_mpi_info_null"), 0);
        }
        else
        {
            (world, bytes, noInfo, sharedMemory) = (0x44000000, 0x4c00010d, 0x1c000000, 1);
        }

        barrier = (delegate* unmanaged<nint, int>)Export("MPI_Barrier");
        broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Export("MPI_Bcast");
        exchange = (delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, int>)Export("MPI_Alltoallv");
        collect = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int>)Export("MPI_Allgatherv");
    }

    /// <summary>Its file name.</summary>
    public string File { get; }

    /// <summary>Its name and version, e.g. "Open MPI v4.1.4".</summary>
    public string Version
    {
        get
        {
            byte* text = stackalloc byte[8192]; // MPICH's MPI_MAX_LIBRARY_VERSION_STRING
            int length;
            Check(((delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_library_version"))(text, &length), "MPI_Get_library_version");
            string line = Encoding.UTF8.GetString(text, length).Split(',', '\n')[0];
            return line.Replace(" Version:\t", " ", StringComparison.Ordinal).Trim(); // MPICH's is a table
        }
    }

    /// <summary>Whether it can be given addresses of GPU memory, as far as it says.</summary>
    public bool IsCudaAware
        => NativeLibrary.TryGetExport(library, "MPIX_Query_cuda_support", out nint query) && ((delegate* unmanaged<int>)query)() != 0;

    /// <summary>Loads the library of the launcher that started this process, else one that is there.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message says what to install.</exception>
    public static MpiLibrary Load()
    {
        bool isHydra = IsSet("PMI_SIZE") && !IsSet("OMPI_COMM_WORLD_SIZE");
        return isHydra ? Load(Mpich, DebianMpich, OpenMpi) : Load(OpenMpi, Mpich, DebianMpich);

        static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is not null;
    }

    /// <summary>Loads the first of these libraries that is there.</summary>
    public static MpiLibrary Load(params string[] files)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("MPI is bound to on Linux only.");
        }

        List<string> problems = [];
        foreach (string file in files)
        {
            nint handle = WithFaultsKept(() => Open(file, Now | Global));
            if (handle != 0)
            {
                return new MpiLibrary(file, handle);
            }

            problems.Add(Marshal.PtrToStringUTF8(Error()) ?? file);
        }

        throw new DllNotFoundException(
            "No MPI library is found. Install one: apt-get install openmpi-bin (Debian, Ubuntu), dnf install openmpi (Fedora), or load your"
            + $" cluster's module of Open MPI or MPICH, and start the program with its mpirun. {string.Join(' ', problems)}");
    }

    /// <summary>Begins; may be done once in a process.</summary>
    public void Initialize()
    {
        int flag;
        Check(((delegate* unmanaged<int*, int>)Export("MPI_Initialized"))(&flag), "MPI_Initialized");
        if (flag != 0)
        {
            throw new InvalidOperationException("MPI has begun in this process already; it can begin once.");
        }

        int provided = WithFaultsKept(() =>
        {
            int level;
            Check(((delegate* unmanaged<nint, nint, int, int*, int>)Export("MPI_Init_thread"))(0, 0, Serialized, &level), "MPI_Init_thread");
            return level;
        });
        if (provided < Serialized)
        {
            throw new NotSupportedException(
                $"{Version} serves thread level {provided}; required is {Serialized}, MPI_THREAD_SERIALIZED, as programs change threads.");
        }
    }

    /// <summary>Ends, together with all ranks.</summary>
    public void End() => Check(((delegate* unmanaged<int>)Export("MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>Ends the whole job at once; does not return.</summary>
    public void Abort(int code) => ((delegate* unmanaged<nint, int, int>)Export("MPI_Abort"))(world, code);

    /// <summary>Rank and size of all, and the rank among those that share this machine's memory.</summary>
    public (int Rank, int Size, int LocalRank) Place()
    {
        var rankOf = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank");
        int rank, size, local;
        nint node = 0;
        Check(rankOf(world, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size"))(world, &size), "MPI_Comm_size");
        Check(
            ((delegate* unmanaged<nint, int, int, nint, nint*, int>)Export("MPI_Comm_split_type"))(world, sharedMemory, rank, noInfo, &node),
            "MPI_Comm_split_type");
        Check(rankOf(node, &local), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint*, int>)Export("MPI_Comm_free"))(&node), "MPI_Comm_free");
        return (rank, size, local);
    }

    public void Barrier() => Check(barrier(world), "MPI_Barrier");

    public void Broadcast(Span<byte> values, int root)
    {
        fixed (byte* pointer = values)
        {
            Check(broadcast(pointer, values.Length, bytes, root, world), "MPI_Bcast");
        }
    }

    /// <summary>Sends a part to each rank and receives one from each; counts and offsets are in bytes.</summary>
    public void Exchange(ReadOnlySpan<byte> sent, int[] sentCounts, int[] sentOffsets, Span<byte> received, int[] counts, int[] offsets)
    {
        fixed (byte* from = sent, to = received)
        fixed (int* sentCount = sentCounts, sentOffset = sentOffsets, count = counts, offset = offsets)
        {
            Check(exchange(from, sentCount, sentOffset, bytes, to, count, offset, bytes, world), "MPI_Alltoallv");
        }
    }

    /// <summary>Receives the part of every rank; counts and offsets are in bytes.</summary>
    public void Collect(ReadOnlySpan<byte> own, Span<byte> all, int[] counts, int[] offsets)
    {
        fixed (byte* from = own, to = all)
        fixed (int* count = counts, offset = offsets)
        {
            Check(collect(from, own.Length, bytes, to, count, offset, bytes, world), "MPI_Allgatherv");
        }
    }

    private nint Export(string name)
        => NativeLibrary.TryGetExport(library, name, out nint address)
            ? address
            : throw new EntryPointNotFoundException($"{File} has no {name}: it is no MPI library of version 3 or later.");

    // .NET makes NullReferenceExceptions of a signal; UCX, on which many MPI libraries stand, makes it end the process.
    private static T WithFaultsKept<T>(Func<T> load)
    {
        byte* actions = stackalloc byte[Faults.Length * SignalActionBytes];
        for (int i = 0; i < Faults.Length; i++)
        {
            Check(SignalAction(Faults[i], null, actions + (i * SignalActionBytes)), "sigaction");
        }

        T result = load();
        for (int i = 0; i < Faults.Length; i++)
        {
            Check(SignalAction(Faults[i], actions + (i * SignalActionBytes), null), "sigaction");
        }

        return result;
    }

    private static void Check(int code, string function)
    {
        if (code != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{function} failed with code {code}."));
        }
    }

    [DllImport("libdl.so.2", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern nint Open(string file, int flags);

    [DllImport("libc.so.6", EntryPoint = "sigaction")]
    private static extern int SignalAction(int signal, byte* action, byte* former);

    [DllImport("libdl.so.2", EntryPoint = "dlerror")]
    private static extern nint Error();
}
