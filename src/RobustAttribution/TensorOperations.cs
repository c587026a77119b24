using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

#pragma warning disable RS0030 // here Scalars are held

namespace RobustAttribution;

/// <summary>
/// TorchSharp's operations with numbers, under its names and in its order, with Scalars that live as long as the native call. In TorchSharp they are
/// temporary, and a garbage collection that another thread triggers may free them under the call (docs/decisions/torchsharp-gc.md).
/// </summary>
/// <remarks>The compiler chooses them in src/ because eng/HiddenScalars.props hides those of TorchSharp.</remarks>
internal static class TensorOperations
{
    // What `add` multiplies its second operand by.
    private static readonly Scalar One = ((Number)1).ToScalar();

    extension(Tensor)
    {
        public static Tensor operator +(Tensor left, Tensor right) => left.add(right, One);

        public static Tensor operator +(Tensor left, Number right)
        {
            using Scalar value = right.ToScalar();
            return left.add(value, One);
        }

        public static Tensor operator +(Number left, Tensor right) => right + left;

        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        public static Tensor operator -(Tensor left, Number right)
        {
            using Scalar value = right.ToScalar();
            return left.sub(value);
        }

        public static Tensor operator -(Number left, Tensor right)
        {
            using Tensor negative = right.negative();
            return negative + left;
        }

        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        public static Tensor operator *(Tensor left, Number right)
        {
            using Scalar value = right.ToScalar();
            return left.mul(value);
        }

        public static Tensor operator *(Number left, Tensor right) => right * left;

        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        public static Tensor operator /(Tensor left, Number right)
        {
            using Scalar value = right.ToScalar();
            return left.div(value);
        }

        public static Tensor operator /(Number left, Tensor right)
        {
            using Tensor reciprocal = right.reciprocal();
            return reciprocal * left;
        }
    }

    extension(Tensor tensor)
    {
        public Tensor add(Number other) => tensor + other;

        public Tensor add(Tensor other, Number alpha)
        {
            using Scalar value = alpha.ToScalar();
            return tensor.add(other, value);
        }

        public Tensor add_(Tensor other) => tensor.add_(other, One);

        public Tensor add_(Tensor other, Number alpha)
        {
            using Scalar value = alpha.ToScalar();
            return tensor.add_(other, value);
        }

        public Tensor add_(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.add_(value, One);
        }

        public Tensor mul_(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.mul_(value);
        }

        public Tensor div_(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.div_(value);
        }

        public Tensor addcmul_(Tensor first, Tensor second, Number factor)
        {
            using Scalar value = factor.ToScalar();
            return tensor.addcmul_(first, second, value);
        }

        public Tensor addcdiv_(Tensor first, Tensor second, Number factor)
        {
            using Scalar value = factor.ToScalar();
            return tensor.addcdiv_(first, second, value);
        }

        public Tensor remainder(Number divisor)
        {
            using Scalar value = divisor.ToScalar();
            return tensor.remainder(value);
        }

        public Tensor pow(Number exponent)
        {
            using Scalar value = exponent.ToScalar();
            return tensor.pow(value);
        }

        public Tensor square() => tensor.pow(2);

        public Tensor softplus(Number beta, Number threshold)
        {
            using Scalar sharpness = beta.ToScalar(), end = threshold.ToScalar();
            return Softplus(tensor, sharpness, end);
        }

        public Tensor clamp(Number min, Number max)
        {
            using Scalar least = min.ToScalar(), most = max.ToScalar();
            return tensor.clamp(least, most);
        }

        public Tensor clamp_min(Number min)
        {
            using Scalar least = min.ToScalar();
            return tensor.clamp_min(least);
        }

        public Tensor clamp_max(Number max)
        {
            using Scalar most = max.ToScalar();
            return tensor.clamp_max(most);
        }

        public Tensor eq(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.eq(value);
        }

        public Tensor ne(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.ne(value);
        }

        public Tensor lt(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.lt(value);
        }

        public Tensor le(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.le(value);
        }

        public Tensor gt(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.gt(value);
        }

        public Tensor ge(Number other)
        {
            using Scalar value = other.ToScalar();
            return tensor.ge(value);
        }

        public Tensor masked_fill(Tensor mask, Number fill)
        {
            using Scalar value = fill.ToScalar();
            return tensor.masked_fill(mask, value);
        }

        public bool ToBoolean()
        {
            using Scalar value = tensor.ToScalar();
            return value.ToBoolean();
        }

        public long ToInt64()
        {
            using Scalar value = tensor.ToScalar();
            return value.ToInt64();
        }

        public double ToDouble()
        {
            using Scalar value = tensor.ToScalar();
            return value.ToDouble();
        }
    }

    public static Tensor full(ReadOnlySpan<long> shape, Number value, ScalarType dtype, Device device)
    {
        using Scalar fill = value.ToScalar();
        return torch.full(shape, fill, dtype, device);
    }

    public static Tensor full_like(Tensor input, Number value, ScalarType? dtype = null)
    {
        using Scalar fill = value.ToScalar();
        return torch.full_like(input, fill, dtype);
    }

    public static Tensor arange(long stop, ScalarType dtype, Device device) => arange(0, stop, 1, dtype, device);

    public static Tensor arange(Number start, Number stop, Number step, ScalarType dtype, Device device)
    {
        using Scalar from = start.ToScalar(), to = stop.ToScalar(), by = step.ToScalar();
        return torch.arange(from, to, by, dtype, device);
    }

    // Private in TorchSharp, whose public `softplus` makes temporary Scalars.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "softplus1")]
    private static extern Tensor Softplus(Tensor tensor, Scalar beta, Scalar threshold);
}
