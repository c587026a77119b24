using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>
/// Calls libtorch's operators by schema name ("add.Tensor" is aten::add, overload Tensor). Missing trailing arguments take the schema's
/// defaults. Everything handed to libtorch lies on the stack; the only object made is the resulting <see cref="Tensor"/>.
/// </summary>
internal static unsafe class Operators
{
    private const int MaxArguments = 24, MaxResults = 6;

    private static readonly ConcurrentDictionary<string, nint> Handles = new(StringComparer.Ordinal);

    /// <summary>The operator's single tensor result.</summary>
    internal static Tensor Call(string name, params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        return ToTensor(name, result);
    }

    /// <summary>Calls an operator that works in place; its result is the tensor it changed.</summary>
    internal static Tensor CallInPlace(string name, Tensor changed, params ReadOnlySpan<Argument> others)
    {
        var arguments = new ArgumentBuffer();
        Span<Argument> all = arguments;
        all[0] = changed;
        others.CopyTo(all[1..]);
        Invoke(name, all[..(others.Length + 1)], null, 0);
        return changed;
    }

    internal static (Tensor, Tensor) CallPair(string name, params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc Value[2];
        Invoke(name, arguments, results, 2);
        return (ToTensor(name, results[0]), ToTensor(name, results[1]));
    }

    internal static (Tensor, Tensor, Tensor) CallTriple(string name, params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc Value[3];
        Invoke(name, arguments, results, 3);
        return (ToTensor(name, results[0]), ToTensor(name, results[1]), ToTensor(name, results[2]));
    }

    /// <summary>The operator's single result, a list of tensors.</summary>
    internal static Tensor[] CallList(string name, params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        if (result.Tag != Tag.Tensors) throw Unexpected(name, result.Tag);
        var tensors = new Tensor[result.Count];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = new Tensor(((nint*)result.Pointer)[i]);
        Shim.ts_free_array(result.Pointer);
        return tensors;
    }

    /// <summary>The operator's single result, a number: <see cref="Tag.Int"/>, <see cref="Tag.Double"/> or <see cref="Tag.Bool"/>.</summary>
    internal static Value CallValue(string name, params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        return result.Tag is Tag.Int or Tag.Double or Tag.Bool ? result : throw Unexpected(name, result.Tag);
    }

    private static Tensor ToTensor(string name, in Value value) =>
        value.Tag == Tag.Tensor ? new Tensor(value.Pointer) : throw Unexpected(name, value.Tag);

    private static InvalidOperationException Unexpected(string name, Tag tag) => new($"aten::{name} gave a result of kind {tag}.");

    private static nint Find(string name) => Shim.Check(Shim.ts_find("aten::" + name));

    [SkipLocalsInit]
    private static void Invoke(string name, ReadOnlySpan<Argument> arguments, Value* results, int capacity)
    {
        if (!Handles.TryGetValue(name, out var operation)) Handles[name] = operation = Find(name);

        // Lists and strings are copied to one scratch area behind the argument stack; it is counted first, as pointers into it are kept.
        var scratchLength = 0;
        foreach (ref readonly var argument in arguments) scratchLength += ScratchLength(argument);
        var values = stackalloc Value[MaxArguments];
        Span<long> scratch = scratchLength <= 64 ? stackalloc long[64] : new long[scratchLength];
        fixed (long* start = scratch)
        {
            var free = start;
            for (var i = 0; i < arguments.Length; i++) free += Fill(arguments[i], ref values[i], free);
            for (var i = 0; i < capacity; i++) results[i] = default;
            Shim.Check(Shim.ts_call(operation, values, arguments.Length, results, capacity));
        }
        foreach (ref readonly var argument in arguments) GC.KeepAlive(argument.Reference);
    }

    private static int ScratchLength(in Argument argument) => argument.Tag switch
    {
        Tag.Ints => Unsafe.As<long[]>(argument.Reference!).Length,
        Tag.Doubles => Unsafe.As<double[]>(argument.Reference!).Length,
        Tag.Tensors => Unsafe.As<Tensor?[]>(argument.Reference!).Length,
        Tag.String => (Encoding.UTF8.GetByteCount(Unsafe.As<string>(argument.Reference!)) + 7) / 8,
        _ => 0,
    };

    /// <summary>Writes one argument as libtorch's side expects it; gives how many words of scratch memory that took.</summary>
    private static int Fill(in Argument argument, ref Value value, long* scratch)
    {
        value.Tag = argument.Tag;
        value.Count = 0;
        value.Integer = argument.Bits;
        switch (argument.Tag)
        {
            case Tag.Tensor:
                value.Pointer = Unsafe.As<Tensor>(argument.Reference!).Handle;
                return 0;
            case Tag.Device:
                var device = Unsafe.As<Device>(argument.Reference!);
                value.Integer = (long)device.type;
                value.Count = device.index;
                return 0;
            case Tag.Generator:
                value.Pointer = Unsafe.As<Generator>(argument.Reference!).Handle;
                return 0;
            case Tag.Ints:
                var ints = Unsafe.As<long[]>(argument.Reference!);
                ints.CopyTo(new Span<long>(scratch, ints.Length));
                value.Count = ints.Length;
                break;
            case Tag.Doubles:
                var doubles = Unsafe.As<double[]>(argument.Reference!);
                doubles.CopyTo(new Span<double>(scratch, doubles.Length));
                value.Count = doubles.Length;
                break;
            case Tag.Tensors:
                var tensors = Unsafe.As<Tensor?[]>(argument.Reference!);
                for (var i = 0; i < tensors.Length; i++) scratch[i] = tensors[i]?.Handle ?? 0;
                value.Count = tensors.Length;
                break;
            case Tag.String:
                var text = Unsafe.As<string>(argument.Reference!);
                value.Count = Encoding.UTF8.GetByteCount(text);
                Encoding.UTF8.GetBytes(text, new Span<byte>(scratch, value.Count));
                value.Pointer = (nint)scratch;
                return (value.Count + 7) / 8;
            default:
                return 0;
        }
        value.Pointer = (nint)scratch;
        return value.Count;
    }

    [InlineArray(MaxArguments)]
    private struct ArgumentBuffer
    {
        private Argument first;
    }
}
