using System.Runtime.InteropServices;

[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]

namespace TorchSharp.Native;

/// <summary>The C functions of native/shim.h, as they are. Handles are pointers that own one reference; 0 is the undefined tensor.</summary>
internal static unsafe partial class Shim
{
    private const string Library = "torchsharp_standin";

    [LibraryImport(Library)] internal static partial byte* ts_last_error();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint ts_find(string name);
    [LibraryImport(Library)] internal static partial int ts_call(nint operation, Value* arguments, int count, Value* results, int capacity);
    [LibraryImport(Library)] internal static partial void ts_free_array(nint handles);

    [LibraryImport(Library)] internal static partial void ts_release(nint tensor);
    [LibraryImport(Library)] internal static partial nint ts_share(nint tensor);
    [LibraryImport(Library)] internal static partial int ts_describe(nint tensor, Metadata* result);
    [LibraryImport(Library)] internal static partial int ts_shape(nint tensor, long* sizes, long* strides, int dimensions);
    [LibraryImport(Library)] internal static partial nint ts_data(nint tensor);
    [LibraryImport(Library)] internal static partial long ts_storage_offset(nint tensor);
    [LibraryImport(Library)] internal static partial nint ts_from_memory(void* data, long* sizes, int dimensions, int dtype);
    [LibraryImport(Library)] internal static partial int ts_set_requires_grad(nint tensor, int value);
    [LibraryImport(Library)] internal static partial nint ts_grad(nint tensor);
    [LibraryImport(Library)] internal static partial int ts_set_grad(nint tensor, nint gradient);

    [LibraryImport(Library)]
    internal static partial int ts_autograd_grad(nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradOutputs, int gradCount,
        int retainGraph, int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library)]
    internal static partial int ts_autograd_backward(nint* tensors, int tensorCount, nint* gradients, int gradientCount,
        int retainGraph, int createGraph, nint* inputs, int inputCount);

    [LibraryImport(Library)] internal static partial int ts_grad_mode();
    [LibraryImport(Library)] internal static partial void ts_set_grad_mode(int enabled);

    [LibraryImport(Library)] internal static partial nint ts_generator_new(ulong seed);
    [LibraryImport(Library)] internal static partial nint ts_generator_default();
    [LibraryImport(Library)] internal static partial void ts_generator_delete(nint generator);
    [LibraryImport(Library)] internal static partial int ts_generator_set_seed(nint generator, ulong seed);
    [LibraryImport(Library)] internal static partial ulong ts_generator_seed(nint generator, int fresh);
    [LibraryImport(Library)] internal static partial nint ts_generator_state(nint generator);
    [LibraryImport(Library)] internal static partial int ts_generator_set_state(nint generator, nint state);
    [LibraryImport(Library)] internal static partial int ts_manual_seed(ulong seed);

    [LibraryImport(Library)] internal static partial int ts_threads(int interop);
    [LibraryImport(Library)] internal static partial int ts_set_threads(int count, int interop);
    [LibraryImport(Library)] internal static unsafe partial byte* ts_version();
    [LibraryImport(Library)] internal static partial int ts_cuda_is_available();
    [LibraryImport(Library)] internal static partial int ts_cuda_device_count();

    /// <summary>The message of the last exception inside libtorch on this thread, as the exception the original throws.</summary>
    internal static ExternalException Error() => new(Marshal.PtrToStringUTF8((nint)ts_last_error()));

    /// <summary>Throws when a function answered with a negative number.</summary>
    internal static int Check(int status) => status < 0 ? throw Error() : status;

    /// <summary>Throws when a function that gives a handle answered 0.</summary>
    internal static nint Check(nint handle) => handle == 0 ? throw Error() : handle;
}

/// <summary>ts_tag of native/shim.h.</summary>
internal enum Tag
{
    None = 0, Tensor = 1, Int = 2, Double = 3, Bool = 4, Ints = 5, Doubles = 6, Tensors = 7, Device = 8, Generator = 9, String = 10, Default = 11,
}

/// <summary>ts_value of native/shim.h.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct Value
{
    [FieldOffset(0)] public Tag Tag;
    [FieldOffset(4)] public int Count;
    [FieldOffset(8)] public long Integer;
    [FieldOffset(8)] public double Real;
    [FieldOffset(8)] public nint Pointer;
}

/// <summary>ts_metadata of native/shim.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Metadata
{
    public int Dtype, Dimensions, DeviceType, DeviceIndex, ElementSize, RequiresGrad, IsLeaf, IsContiguous;
    public long Elements;
}
