using TorchSharp;

#pragma warning disable RS0030 // makes Scalars for TensorOperations, which hold them

namespace RobustAttribution;

/// <summary>An integer or a real number, as TorchSharp's <see cref="Scalar"/> is, without memory that must be freed.</summary>
internal readonly record struct Number
{
    private readonly double real;
    private readonly long? integer;

    private Number(double real, long? integer) => (this.real, this.integer) = (real, integer);

    public static implicit operator Number(double value) => new(value, null);

    public static implicit operator Number(long value) => new(value, value);

    /// <summary>A Scalar for the caller to hold in a <c>using</c> as long as the native call runs.</summary>
    public Scalar ToScalar() => integer is long whole ? whole.ToScalar() : real.ToScalar();
}
