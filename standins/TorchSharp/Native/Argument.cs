using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>One argument of an operator: a tag with a number, or with the object that holds the rest and must live through the call.</summary>
internal readonly struct Argument
{
    internal readonly Tag Tag;
    internal readonly long Bits;
    internal readonly object? Reference;

    private Argument(Tag tag, long bits = 0, object? reference = null) => (Tag, Bits, Reference) = (tag, bits, reference);

    internal static Argument None => default;

    internal static Argument Of(IList<Tensor> tensors) => new(Tag.Tensors, 0, tensors as Tensor[] ?? [.. tensors]);

    /// <summary>A list in which null stands for "no tensor here".</summary>
    internal static Argument OfOptional(Tensor?[] tensors) => new(Tag.Tensors, 0, tensors);

    public static implicit operator Argument(Tensor? value) => value is null ? default : new(Tag.Tensor, 0, value);
    public static implicit operator Argument(long value) => new(Tag.Int, value);
    public static implicit operator Argument(int value) => new(Tag.Int, value);
    public static implicit operator Argument(long? value) => value is { } number ? new(Tag.Int, number) : default;
    public static implicit operator Argument(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Argument(double? value) => value is { } number ? number : default(Argument);
    public static implicit operator Argument(bool value) => new(Tag.Bool, value ? 1 : 0);
    public static implicit operator Argument(Scalar? value) => value is null ? default : new(value.Tag, value.Bits);
    public static implicit operator Argument(long[]? value) => value is null ? default : new(Tag.Ints, 0, value);
    public static implicit operator Argument(double[]? value) => value is null ? default : new(Tag.Doubles, 0, value);
    public static implicit operator Argument(ScalarType value) => new(Tag.Int, (long)value);
    public static implicit operator Argument(ScalarType? value) => value is { } type ? type : default(Argument);
    public static implicit operator Argument(Device? value) => value is null ? default : new(Tag.Device, 0, value);
    public static implicit operator Argument(Generator? value) => value is null ? default : new(Tag.Generator, 0, value);
    public static implicit operator Argument(string? value) => value is null ? default : new(Tag.String, 0, value);
}
