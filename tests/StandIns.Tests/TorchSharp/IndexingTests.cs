using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class IndexingTests
{
    /// <summary>[2, 3, 4] with the value 100·i + 10·j + k at (i, j, k).</summary>
    private static Tensor Cube()
    {
        var values = new long[2, 3, 4];
        foreach (var (i, j, k) in from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select (i, j, k))
            values[i, j, k] = (100 * i) + (10 * j) + k;
        return tensor(values);
    }

    [TestMethod]
    public void NumbersSelect()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        Numbers.HasShape([3, 4], cube[1]);
        Numbers.AreClose([100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123], cube[1]);
        Numbers.AreClose([120, 121, 122, 123], cube[1, 2]);
        Numbers.AreClose([123], cube[-1, -1, -1]);
        Assert.AreEqual(12L, cube[0, 1, 2].item<long>());
    }

    [TestMethod]
    public void SlicesEllipsisAndNewAxes()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        Numbers.AreClose([10, 11, 12, 13, 20, 21, 22, 23], cube[0, 1..]);
        Numbers.AreClose([2, 12, 22, 102, 112, 122], cube[TensorIndex.Ellipsis, 2]);
        Numbers.AreClose([3, 103], cube[.., 0, ^1..]);
        Numbers.AreClose([0, 2, 100, 102], cube[TensorIndex.Colon, 0, TensorIndex.Slice(0, null, 2)]);
        Numbers.AreClose([11, 12], cube[0, 1, TensorIndex.Slice(1, -1)]);
        Numbers.HasShape([1, 3, 4], cube[TensorIndex.None, 0]);
        Numbers.HasShape([2, 1, 3, 4], cube[TensorIndex.Colon, TensorIndex.Null]);
        Numbers.HasShape([2, 3, 4, 1], cube[TensorIndex.Ellipsis, TensorIndex.None]);
        Numbers.HasShape([2, 0, 4], cube[.., 3..]);
    }

    [TestMethod]
    public void IndexTensorsGather()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        Numbers.AreClose([20, 21, 22, 23, 0, 1, 2, 3], cube[0][tensor([2L, 0L])]);
        Numbers.AreClose([12, 103], cube[tensor([0L, 1L]), tensor([1L, 0L]), tensor([2L, 3L])]);
        Numbers.AreClose([3, 0, 13, 10, 23, 20], cube[0, TensorIndex.Colon, TensorIndex.Tensor(tensor([3L, 0L]))]);
        Numbers.AreClose([12, 111], cube[TensorIndex.Tensor(tensor([0L, 1L])), 1, TensorIndex.Tensor(tensor([2L, 1L]))]);
    }

    [TestMethod]
    public void MasksSelect()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        Numbers.AreClose([122, 123], cube[cube > 121]);
        Numbers.AreClose([100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123], cube[tensor([false, true])]);
        Numbers.AreClose([1, 3, 101, 103], cube[TensorIndex.Colon, 0, TensorIndex.Tensor(tensor([false, true, false, true]))]);
        Numbers.HasShape([0], cube[cube < 0]);
    }

    [TestMethod]
    public void AssignmentWritesThroughViews()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        cube[0, 0] = tensor([-1L, -2L, -3L, -4L]);
        Numbers.AreClose([-1, -2, -3, -4], cube[0, 0]);
        cube[1, 1, 1] = tensor(7L);
        Assert.AreEqual(7L, cube[1, 1, 1].item<long>());
        cube[.., 2, 1..3] = tensor(5L);
        Numbers.AreClose([20, 5, 5, 23, 120, 5, 5, 123], cube[TensorIndex.Colon, 2]);
        cube[1] = zeros([4], int64);
        Numbers.AreClose(new double[12], cube[1]);
        var row = cube[0, 1];
        row.fill_(9);
        Numbers.AreClose([9, 9, 9, 9], cube[0, 1]);
    }

    [TestMethod]
    public void AssignmentByIndexAndMask()
    {
        using var scope = NewDisposeScope();
        var matrix = zeros([3, 3], float64);
        matrix[tensor([0L, 2L]), tensor([1L, 1L])] = tensor([5.0, 6.0]);
        Numbers.AreClose([0, 5, 0, 0, 0, 0, 0, 6, 0], matrix);
        matrix[matrix > 5] = tensor(-1.0);
        Numbers.AreClose([0, 5, 0, 0, 0, 0, 0, -1, 0], matrix);
        matrix.index_put_((Scalar)2.0, TensorIndex.Colon, TensorIndex.Tensor(tensor([0L])));
        Numbers.AreClose([2, 5, 0, 2, 0, 0, 2, -1, 0], matrix);
        matrix.index_put_((Scalar)8.0, (TensorIndex)1);
        Numbers.AreClose([8, 8, 8], matrix[1]);
    }

    [TestMethod]
    public void IndexingIsDifferentiable()
    {
        using var scope = NewDisposeScope();
        var x = arange(0, 6, dtype: float64).reshape(2, 3).requires_grad_();
        var picked = (x[tensor([1L, 1L]), tensor([0L, 0L])].sum() * 3) + x[0, 1..].sum();
        Numbers.AreClose([0, 1, 1, 6, 0, 0], autograd.grad([picked], [x])[0]);
    }

    [TestMethod]
    public void WrongIndicesAreErrors()
    {
        using var scope = NewDisposeScope();
        var cube = Cube();
        StringAssert.Contains(Assert.Throws<ExternalException>(() => cube[2]).Message, "out of range");
        StringAssert.Contains(Assert.Throws<ExternalException>(() => cube[tensor([5L])]).Message, "out of bounds");
        Assert.Throws<ExternalException>(() => cube[0, 0, 0, 0]);
        Assert.Throws<ExternalException>(() => cube[zeros([3], ScalarType.Bool)]);
        Assert.Throws<ExternalException>(() => cube[0] = zeros([5], int64));
    }
}
