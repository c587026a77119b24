using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class DtypeTests
{
    public static IEnumerable<object[]> Types() =>
        new[] { float32, float64, bfloat16, int64, int32, uint8, ScalarType.Bool }.Select(type => new object[] { type });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void EveryTypeHoldsSmallNumbers(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var tensor = torch.tensor([0L, 1L, 1L, 0L], dtype: type).reshape(2, 2);
        Assert.AreEqual(type, tensor.dtype);
        Numbers.AreClose([0, 1, 1, 0], tensor);
        Numbers.AreClose([1, 1, 1, 0], cat([ones([2], type), tensor[1]]));
        Assert.AreEqual(type, zeros([1], type).dtype);
        Assert.AreEqual(type, ones_like(tensor).dtype);
        Assert.IsTrue(tensor.Equals(tensor.clone()));
        Assert.AreEqual(type == float64 || type == int64 ? 8 : type == float32 || type == int32 ? 4 : type == bfloat16 ? 2 : 1, tensor.element_size());
    }

    [TestMethod]
    public void ConversionsRoundAndTruncate()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1.7, -1.2, 0, 300]);
        Numbers.AreClose([1, -1, 0, 300], x.to(int64));
        Numbers.AreClose([1, 1, 0, 1], x.to(ScalarType.Bool));
        Assert.AreEqual(1.0078125f, tensor(1.0067).to(bfloat16).ToSingle());
        Assert.AreEqual((double)1.7f, x.to(float32)[0].ToDouble());
        Assert.AreEqual(float64, (x.to(float32) + x).dtype);
        Assert.AreEqual(int64, (tensor([1L]) + tensor([(byte)1])).dtype);
        Assert.AreEqual(float32, (tensor([1L]) + 1.5).dtype);
        Assert.AreEqual(ScalarType.Bool, (x > 0).dtype);
    }

    [TestMethod]
    public void ConversionToTheSameTypeIsIndependentlyDisposable()
    {
        using var x = ones([2]);
        var same = x.to(float32);
        same.Dispose();
        Numbers.AreClose([1, 1], x);
    }

    [TestMethod]
    public void CreationDefaultsFollowPyTorch()
    {
        using var scope = NewDisposeScope();
        Assert.AreEqual(float32, zeros([1]).dtype);
        Assert.AreEqual(int64, arange(3).dtype);
        Assert.AreEqual(float32, arange(0, 1, 0.25).dtype);
        Numbers.AreClose([0, 0.25, 0.5, 0.75], arange(0, 1, 0.25));
        Numbers.AreClose([0, 0.5, 1], linspace(0, 1, 3));
        Numbers.AreClose([1, 0, 0, 0, 1, 0], eye(2, 3));
        Assert.AreEqual(int64, full([1], 3).dtype);
        Assert.AreEqual(float32, full([1], 3.0).dtype);
        Assert.AreEqual(float64, tensor(1.0).dtype);
        Assert.AreEqual(float32, tensor(1f).dtype);
        Assert.AreEqual(int32, tensor(1).dtype);
        Assert.AreEqual(int64, tensor(1L).dtype);
        Assert.AreEqual(float32, tensor(1, dtype: float32).dtype);
        Assert.AreEqual(ScalarType.Bool, tensor(true).dtype);
        Assert.AreEqual(int64, randint(5, [2]).dtype);
    }

    [TestMethod]
    public void ArraysOfAllRanksKeepTheirOrder()
    {
        using var scope = NewDisposeScope();
        Numbers.AreClose([1, 2, 3, 4], tensor(new float[,] { { 1, 2 }, { 3, 4 } }));
        Numbers.AreClose([1, 2, 3, 4], tensor(new double[,,] { { { 1 }, { 2 } }, { { 3 }, { 4 } } }));
        Numbers.HasShape([2, 2, 1], tensor(new double[,,] { { { 1 }, { 2 } }, { { 3 }, { 4 } } }));
        Numbers.HasShape([1, 2, 1, 3], tensor(new long[1, 2, 1, 3]));
        Numbers.AreClose([1, 0], tensor([true, false]));
        Numbers.HasShape([3, 2], tensor(new float[6], [3, 2]));
        Numbers.HasShape([0], tensor(Array.Empty<float>()));
        Assert.Throws<ArgumentException>(() => tensor(new float[5], [3, 2]));
        var source = new[] { 1f, 2f };
        var copied = tensor(source);
        source[0] = 9;
        Numbers.AreClose([1, 2], copied);
    }

    [TestMethod]
    public void DataIsReadAndWrittenInPlace()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: float32).reshape(2, 3);
        CollectionAssert.AreEqual(new float[] { 0, 1, 2, 3, 4, 5 }, x.data<float>().ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 3, 1, 4, 2, 5 }, x.T.data<float>().ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 4 }, x[.., 1].data<float>().ToArray());
        var data = x.data<float>();
        Assert.AreEqual(6, data.Count);
        Assert.AreEqual(5f, data[1, 2]);
        data[0, 1] = 8;
        Assert.AreEqual(8f, x[0, 1].item<float>());
        Assert.AreEqual(23f, data.Sum() + 1);
        Assert.Throws<ArgumentException>(() => x.data<double>());
        Assert.Throws<ArgumentException>(() => x.item<float>());
        Assert.Throws<IndexOutOfRangeException>(() => data[2, 0]);
        CollectionAssert.AreEqual(new[] { true, false }, tensor([true, false]).data<bool>().ToArray());
        CollectionAssert.AreEqual(new byte[] { 3 }, tensor([(byte)3]).data<byte>().ToArray());
    }

    [TestMethod]
    public void BytesAreTheElements()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, -2f]);
        CollectionAssert.AreEqual(new[] { 1f, -2f }, MemoryMarshal.Cast<byte, float>(x.bytes).ToArray());
        x.bytes = MemoryMarshal.AsBytes<float>(new[] { 3f, 4f }.AsSpan()).ToArray();
        Numbers.AreClose([3, 4], x);
        MemoryMarshal.Cast<byte, float>(x.bytes)[0] = 5;
        Numbers.AreClose([5, 4], x);
        Assert.Throws<ArgumentException>(() => x.bytes = new byte[3]);
        Assert.Throws<SystemException>(() => _ = ones([2, 3]).T.bytes.Length);
    }

    [TestMethod]
    public void ScalarsComeOut()
    {
        using var scope = NewDisposeScope();
        Assert.AreEqual(2.5f, tensor(2.5).ToSingle());
        Assert.AreEqual(3L, tensor(3).ToInt64());
        Assert.IsTrue(tensor(true).ToBoolean());
        Assert.AreEqual(7, (int)tensor([7L]));
        Assert.AreEqual(0.5, (double)tensor(0.5f));
        Assert.Throws<ExternalException>(() => ones([2]).ToSingle());
    }

    [TestMethod]
    public void MetadataIsRight()
    {
        using var scope = NewDisposeScope();
        var x = zeros([2, 3, 4]);
        CollectionAssert.AreEqual(new long[] { 12, 4, 1 }, x.stride());
        Assert.AreEqual(3, x.dim());
        Assert.AreEqual(4, x.size(-1));
        Assert.AreEqual(24, x.numel());
        Assert.IsTrue(x.is_contiguous());
        var permuted = x.permute(2, 0, 1);
        Assert.IsFalse(permuted.is_contiguous());
        Assert.IsTrue(permuted.contiguous().is_contiguous());
        Assert.AreEqual(DeviceType.CPU, x.device.type);
        Assert.AreEqual("[2x3x4], type = Float32, device = cpu", x.ToString());
        Assert.AreEqual("[], type = Int64, device = cpu", tensor(1L).ToString());
        Assert.AreEqual(12, x[1].storage_offset());
    }
}
