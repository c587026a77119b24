using TorchSharp.Native;

namespace TorchSharp;

/// <summary>A number of one of libtorch's three scalar kinds: integer, floating point, truth value.</summary>
public sealed class Scalar : IDisposable
{
    internal Tag Tag { get; }
    internal long Bits { get; }

    private Scalar(Tag tag, long bits) => (Tag, Bits) = (tag, bits);

    internal Scalar(in Value value) : this(value.Tag, value.Integer) { }

    public static implicit operator Scalar(byte value) => new(Tag.Int, value);
    public static implicit operator Scalar(sbyte value) => new(Tag.Int, value);
    public static implicit operator Scalar(short value) => new(Tag.Int, value);
    public static implicit operator Scalar(int value) => new(Tag.Int, value);
    public static implicit operator Scalar(long value) => new(Tag.Int, value);
    public static implicit operator Scalar(float value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Scalar(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Scalar(bool value) => new(Tag.Bool, value ? 1 : 0);

    public torch.ScalarType Type => Tag switch
    {
        Tag.Int => torch.ScalarType.Int64,
        Tag.Bool => torch.ScalarType.Bool,
        _ => torch.ScalarType.Float64,
    };

    public void Dispose() { }

    internal double Real => Tag == Tag.Double ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    internal long Whole => Tag == Tag.Double ? (long)BitConverter.Int64BitsToDouble(Bits) : Bits;
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;

    public static float ToSingle(this Scalar value) => (float)value.Real;
    public static double ToDouble(this Scalar value) => value.Real;
    public static sbyte ToSByte(this Scalar value) => (sbyte)value.Whole;
    public static byte ToByte(this Scalar value) => (byte)value.Whole;
    public static short ToInt16(this Scalar value) => (short)value.Whole;
    public static int ToInt32(this Scalar value) => (int)value.Whole;
    public static long ToInt64(this Scalar value) => value.Whole;
    public static bool ToBoolean(this Scalar value) => value.Real != 0;
}
