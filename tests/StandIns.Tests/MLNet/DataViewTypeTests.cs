using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class DataViewTypeTests
{
    [TestMethod]
    public void TypesSayWhatCarriesThem()
    {
        Assert.AreEqual(typeof(ReadOnlyMemory<char>), TextDataViewType.Instance.RawType);
        Assert.AreEqual(typeof(float), NumberDataViewType.Single.RawType);
        Assert.AreEqual(typeof(VBuffer<float>), new VectorDataViewType(NumberDataViewType.Single, 3).RawType);
        Assert.AreEqual(typeof(DataViewRowId), RowIdDataViewType.Instance.RawType);
        Assert.AreEqual("Single", NumberDataViewType.Single.ToString());
        Assert.AreEqual("String", TextDataViewType.Instance.ToString());
    }

    [TestMethod]
    public void VectorsAreEqualByItemAndDimensions()
    {
        var vector = new VectorDataViewType(NumberDataViewType.Single, 3, 28, 28);
        Assert.AreEqual(3 * 28 * 28, vector.Size);
        CollectionAssert.AreEqual(new[] { 3, 28, 28 }, vector.Dimensions.ToArray());
        Assert.IsTrue(vector.IsKnownSize);
        Assert.IsTrue(vector.Equals(new VectorDataViewType(NumberDataViewType.Single, 3, 28, 28)));
        Assert.AreEqual(vector.GetHashCode(), new VectorDataViewType(NumberDataViewType.Single, 3, 28, 28).GetHashCode());
        Assert.IsFalse(vector.Equals(new VectorDataViewType(NumberDataViewType.Single, 3 * 28 * 28)));
        Assert.IsFalse(vector.Equals(new VectorDataViewType(NumberDataViewType.Double, 3, 28, 28)));
        Assert.AreEqual("Vector<Single, 3, 28, 28>", vector.ToString());
        Assert.AreEqual("Vector<Single, 3, *>", new VectorDataViewType(NumberDataViewType.Single, 3, 0).ToString());
    }

    [TestMethod]
    public void AVectorWithoutSizeVaries()
    {
        var vector = new VectorDataViewType(TextDataViewType.Instance);
        Assert.AreEqual(0, vector.Size);
        Assert.IsFalse(vector.IsKnownSize);
        Assert.AreEqual("Vector<String>", vector.ToString());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VectorDataViewType(NumberDataViewType.Single, -1));
        Assert.ThrowsExactly<ArgumentNullException>(() => new VectorDataViewType(null, 1));
        Assert.ThrowsExactly<OverflowException>(() => new VectorDataViewType(NumberDataViewType.Single, 1 << 20, 1 << 20));
    }

    [TestMethod]
    public void KeysKnowTheirCount()
    {
        var key = new KeyDataViewType(typeof(uint), 10);
        Assert.AreEqual(10ul, key.Count);
        Assert.AreEqual("Key<UInt32, 0-9>", key.ToString());
        Assert.IsTrue(key.Equals(new KeyDataViewType(typeof(uint), 10ul)));
        Assert.IsFalse(key.Equals(new KeyDataViewType(typeof(uint), 11)));
        Assert.IsFalse(key.Equals(new KeyDataViewType(typeof(ulong), 10)));
        Assert.IsTrue(KeyDataViewType.IsValidDataType(typeof(byte)));
        Assert.IsFalse(KeyDataViewType.IsValidDataType(typeof(int)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(int), 10));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(byte), 256));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(uint), 0));
    }

    [TestMethod]
    public void RowIdentifiersHaveAnOrder()
    {
        var low = new DataViewRowId(5, 1);
        Assert.IsLessThan(0, low.CompareTo(new DataViewRowId(4, 2)));
        Assert.IsTrue(low.Equals(new DataViewRowId(5, 1)));
        Assert.AreEqual("00000000000000010000000000000005", low.ToString());
    }

    [TestMethod]
    public void ATypeIsRegisteredOnceAndOneToOne()
    {
        var type = new OtherType(typeof(Token));
        DataViewTypeManager.Register(type, typeof(Token));
        DataViewTypeManager.Register(type, typeof(Token));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => DataViewTypeManager.Register(type, typeof(Version)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => DataViewTypeManager.Register(new OtherType(typeof(Token)), typeof(Token)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => DataViewTypeManager.Register(new OtherType(typeof(float)), typeof(float)));
    }

    private sealed class Token;

    private sealed class OtherType(Type rawType) : StructuredDataViewType(rawType)
    {
        public override bool Equals(DataViewType? other) => other == this;
    }
}
