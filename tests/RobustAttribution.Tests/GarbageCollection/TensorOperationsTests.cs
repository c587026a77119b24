using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.GarbageCollection;

/// <summary>The library's operations compute what TorchSharp's of the same name do, to the same bits and in the same type.</summary>
/// <remarks>In this project the names alone are TorchSharp's.</remarks>
[TestClass]
public sealed class TensorOperationsTests
{
    public static IEnumerable<ScalarType> Types => [ScalarType.Float32, ScalarType.Float64, ScalarType.Int64];

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void OperatorsAreTorchSharps(ScalarType type)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor x, Tensor y) = Operands(type);
        Number whole = 3, real = 0.3, single = 0.3f;
        AreEqual(x + y, TensorOperations.op_Addition(x, y));
        AreEqual(x - y, TensorOperations.op_Subtraction(x, y));
        AreEqual(x * y, TensorOperations.op_Multiply(x, y));
        AreEqual(x / y, TensorOperations.op_Division(x, y));
        AreEqual(x + 3, TensorOperations.op_Addition(x, whole));
        AreEqual(x - 3, TensorOperations.op_Subtraction(x, whole));
        AreEqual(x * 3, TensorOperations.op_Multiply(x, whole));
        AreEqual(x / 3, TensorOperations.op_Division(x, whole));
        AreEqual(3 + x, TensorOperations.op_Addition(whole, x));
        AreEqual(3 - x, TensorOperations.op_Subtraction(whole, x));
        AreEqual(3 * x, TensorOperations.op_Multiply(whole, x));
        AreEqual(3 / x, TensorOperations.op_Division(whole, x));
        AreEqual(x + 0.3, TensorOperations.op_Addition(x, real));
        AreEqual(x - 0.3, TensorOperations.op_Subtraction(x, real));
        AreEqual(x * 0.3f, TensorOperations.op_Multiply(x, single));
        AreEqual(0.3 / x, TensorOperations.op_Division(real, x));
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void MethodsAreTorchSharps(ScalarType type)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor x, Tensor y) = Operands(type);
        AreEqual(x.add(2), TensorOperations.add(x, 2));
        AreEqual(x.add(y, 3), TensorOperations.add(x, y, 3));
        AreEqual(x.clone().add_(y), TensorOperations.add_(x.clone(), y));
        AreEqual(x.clone().add_(y, 3), TensorOperations.add_(x.clone(), y, 3));
        AreEqual(x.clone().add_(3), TensorOperations.add_(x.clone(), (Number)3));
        AreEqual(x.clone().mul_(3), TensorOperations.mul_(x.clone(), 3));
        AreEqual(x.clone().addcmul_(x, y, 3), TensorOperations.addcmul_(x.clone(), x, y, 3));
        AreEqual(x.pow(3), TensorOperations.pow(x, 3));
        AreEqual(x.square(), TensorOperations.square(x));
        AreEqual(x.clamp(2, 4), TensorOperations.clamp(x, 2, 4));
        AreEqual(x.clamp_min(2), TensorOperations.clamp_min(x, 2));
        AreEqual(x.clamp_max(2), TensorOperations.clamp_max(x, 2));
        AreEqual(x.eq(2), TensorOperations.eq(x, 2));
        AreEqual(x.ne(2), TensorOperations.ne(x, 2));
        AreEqual(x.lt(2), TensorOperations.lt(x, 2));
        AreEqual(x.le(2), TensorOperations.le(x, 2));
        AreEqual(x.gt(2), TensorOperations.gt(x, 2));
        AreEqual(x.ge(2), TensorOperations.ge(x, 2));
        AreEqual(x.masked_fill(x.lt(2), 7), TensorOperations.masked_fill(x, x.lt(2), 7));
        AreEqual(full([2, 3], 2.5, type, CPU), TensorOperations.full([2, 3], 2.5, type, CPU));
        AreEqual(full_like(x, 7), TensorOperations.full_like(x, 7));
        AreEqual(full_like(x, double.NegativeInfinity, ScalarType.Float32), TensorOperations.full_like(x, double.NegativeInfinity, ScalarType.Float32));
        AreEqual(arange(5, type, CPU), TensorOperations.arange(5, type, CPU));
        AreEqual(arange(1, 9, 3, type, CPU), TensorOperations.arange(1, 9, 3, type, CPU));
        Assert.AreEqual(x.max().ToDouble(), TensorOperations.ToDouble(x.max()));
        Assert.AreEqual(x.max().ToInt64(), TensorOperations.ToInt64(x.max()));
        Assert.AreEqual(x.lt(0).any().ToBoolean(), TensorOperations.ToBoolean(x.lt(0).any()));
    }

    [TestMethod]
    public void MethodsOfRealNumbersAreTorchSharps()
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor x, Tensor y) = Operands(ScalarType.Float32);
        AreEqual(x.softplus(3, 2), TensorOperations.softplus(x, 3, 2));
        AreEqual(x.softplus(0.3, 20), TensorOperations.softplus(x, 0.3, 20));
        AreEqual(x.pow(0.3), TensorOperations.pow(x, 0.3));
        AreEqual(x.add(y, 0.3), TensorOperations.add(x, y, 0.3));
        AreEqual(x.clone().div_(0.3), TensorOperations.div_(x.clone(), 0.3));
        AreEqual(x.clone().addcdiv_(x, y, -0.3), TensorOperations.addcdiv_(x.clone(), x, y, -0.3));
        AreEqual(x.masked_fill(x.lt(2), double.NaN), TensorOperations.masked_fill(x, x.lt(2), double.NaN));
    }

    private static (Tensor X, Tensor Y) Operands(ScalarType type)
        => (tensor(new[] { 1.25, 2, 3.1, 4.7, -5.3 }).to(type), tensor(new[] { 3, 2.9, 1, -2.2, 5 }).to(type));

    private static void AreEqual(Tensor expected, Tensor found)
    {
        Assert.AreEqual(expected.dtype, found.dtype);
        CollectionAssert.AreEqual(expected.shape, found.shape);
        CollectionAssert.AreEqual(expected.bytes.ToArray(), found.bytes.ToArray());
    }
}
