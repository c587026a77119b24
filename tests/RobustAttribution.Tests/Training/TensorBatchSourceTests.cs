using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class TensorBatchSourceTests
{
    [TestMethod]
    public void EachImageComesOnceWithItsClass()
    {
        using IDisposable scope = NewDisposeScope();
        TensorBatchSource source = Source(11);
        foreach (long? seed in new long?[] { null, 3 })
        {
            long[] seen = [.. Classes(source, 4, seed)];
            CollectionAssert.AreEqual(Enumerable.Range(0, 11).Select(i => (long)i).ToArray(), seen.Order().ToArray());
            Assert.AreEqual(seed is null, seen.SequenceEqual(seen.Order()));
        }
    }

    [TestMethod]
    public void TheSeedDecidesTheOrder()
    {
        using IDisposable scope = NewDisposeScope();
        TensorBatchSource source = Source(50);
        CollectionAssert.AreEqual(Classes(source, 8, 3), Classes(source, 8, 3));
        CollectionAssert.AreNotEqual(Classes(source, 8, 3), Classes(source, 8, 4));
    }

    [TestMethod]
    public void APassGoesOnWhereItStopped()
    {
        using IDisposable scope = NewDisposeScope();
        TensorBatchSource source = Source(11);
        CollectionAssert.AreEqual(Classes(source, 4, 9).Skip(8).ToArray(), Classes(source, 4, 9, firstBatch: 2));
        Assert.AreEqual(0, Classes(source, 4, 9, firstBatch: 3).Length);
    }

    [TestMethod]
    public void WrongTensorsAreRefused()
    {
        using IDisposable scope = NewDisposeScope();
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new TensorBatchSource(zeros(2, 3), zeros(2, dtype: ScalarType.Int64))).Message, "[2,3]");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new TensorBatchSource(zeros(2, 1, 3, 3), zeros(2))).Message, "allowed is Int64 [2]");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Source(2).Read(0));
    }

    private static TensorBatchSource Source(int count)
    {
        Tensor classes = tensor(Enumerable.Range(0, count).Select(i => (long)i).ToArray());
        return new TensorBatchSource(classes.reshape(-1, 1, 1, 1).to(ScalarType.Float32) * 2, classes);
    }

    private static long[] Classes(TensorBatchSource source, int batchSize, long? seed, int firstBatch = 0)
    {
        List<long> classes = [];
        foreach (ImageBatch batch in source.Read(batchSize, seed, firstBatch))
        {
            using (batch)
            {
                CollectionAssert.AreEqual(
                    batch.Classes.data<long>().ToArray(), batch.Images.data<float>().ToArray().Select(value => (long)value / 2).ToArray());
                classes.AddRange(batch.Classes.data<long>().ToArray());
            }
        }

        return [.. classes];
    }
}
