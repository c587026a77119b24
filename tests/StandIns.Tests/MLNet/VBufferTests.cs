using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class VBufferTests
{
    private static readonly VBuffer<float> s_sparse = new(6, 2, [7, 9], [1, 4]);

    [TestMethod]
    public void ADenseVectorShowsItsValues()
    {
        var vector = new VBuffer<float>(3, [1, 2, 3, 99]);
        Assert.IsTrue(vector.IsDense);
        Assert.AreEqual(3, vector.Length);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, vector.GetValues().ToArray());
        Assert.AreEqual(0, vector.GetIndices().Length);
        Assert.AreEqual("Dense vector of size 3", vector.ToString());
    }

    [TestMethod]
    public void ASparseVectorShowsExplicitValues()
    {
        Assert.IsFalse(s_sparse.IsDense);
        CollectionAssert.AreEqual(new float[] { 7, 9 }, s_sparse.GetValues().ToArray());
        CollectionAssert.AreEqual(new[] { 1, 4 }, s_sparse.GetIndices().ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 7, 0, 0, 9, 0 }, s_sparse.DenseValues().ToArray());
        Assert.AreEqual(9, s_sparse.GetItemOrDefault(4));
        Assert.AreEqual(0, s_sparse.GetItemOrDefault(5));
        CollectionAssert.AreEqual(new[] { 1, 4 }, s_sparse.Items().Select(item => item.Key).ToArray());
        Assert.AreEqual(6, s_sparse.Items(all: true).Count());
        Assert.AreEqual("Sparse vector of size 6, 2 explicit values", s_sparse.ToString());
    }

    [TestMethod]
    public void CopiesKeepTheSourceApart()
    {
        VBuffer<float> copy = default;
        s_sparse.CopyTo(ref copy);
        Assert.IsFalse(copy.IsDense);
        CollectionAssert.AreEqual(s_sparse.DenseValues().ToArray(), copy.DenseValues().ToArray());
        s_sparse.CopyToDense(ref copy);
        Assert.IsTrue(copy.IsDense);
        CollectionAssert.AreEqual(s_sparse.DenseValues().ToArray(), copy.DenseValues().ToArray());
        s_sparse.CopyTo(ref copy, 1, 4);
        CollectionAssert.AreEqual(new float[] { 7, 0, 0, 9 }, copy.DenseValues().ToArray());
        new VBuffer<float>(4, [1, 2, 3, 4]).CopyTo(ref copy, 2, 2);
        CollectionAssert.AreEqual(new float[] { 3, 4 }, copy.DenseValues().ToArray());
    }

    [TestMethod]
    public void ASpanIsFilledFromAnIndexOn()
    {
        float[] target = [5, 5, 5, 5, 5, 5, 5, 5];
        s_sparse.CopyTo(target, 1, -1);
        CollectionAssert.AreEqual(new float[] { 5, -1, 7, -1, -1, 9, -1, 5 }, target);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => s_sparse.CopyTo(new float[5]));
        VBuffer<float> copy = default;
        VBuffer<float>.Copy([1, 2, 3], 1, ref copy, 2);
        CollectionAssert.AreEqual(new float[] { 2, 3 }, copy.DenseValues().ToArray());
    }

    [TestMethod]
    public void WrongLengthsAreErrors()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(-1, []));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(2, [1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(2, 3, [1, 2, 3], [0, 1, 2]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(5, 2, [1, 2], [0]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => s_sparse.GetItemOrDefault(6));
    }

    [TestMethod]
    public void AnEditorReusesTheArraysWhereTheyAreLargeEnough()
    {
        var vector = new VBuffer<float>(4, new float[4]);
        var editor = VBufferEditor.Create(ref vector, 3);
        Assert.IsFalse(editor.CreatedNewValues);
        editor.Values[2] = 5;
        vector = editor.Commit();
        Assert.AreEqual(3, vector.Length);
        Assert.AreEqual(5, vector.GetItemOrDefault(2));

        var larger = VBufferEditor.Create(ref vector, 100, keepOldOnResize: true);
        Assert.IsTrue(larger.CreatedNewValues);
        Assert.AreEqual(5, larger.Values[2]);
        var fresh = VBufferEditor.Create(ref vector, 100);
        Assert.AreEqual(0, fresh.Values[2]);
    }

    [TestMethod]
    public void AnEditorMakesSparseVectors()
    {
        VBuffer<float> vector = default;
        var editor = VBufferEditor.Create(ref vector, 10, 3);
        Assert.AreEqual(3, editor.Values.Length);
        Assert.AreEqual(3, editor.Indices.Length);
        (editor.Values[0], editor.Indices[0]) = (4, 2);
        (editor.Values[1], editor.Indices[1]) = (5, 8);
        vector = editor.CommitTruncated(2);
        Assert.AreEqual(10, vector.Length);
        CollectionAssert.AreEqual(new[] { 2, 8 }, vector.GetIndices().ToArray());
        Assert.IsFalse(VBufferEditor.CreateFromBuffer(ref vector).CreatedNewValues);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
        {
            VBuffer<float> other = default;
            VBufferEditor.Create(ref other, 3, 2).CommitTruncated(3);
        });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
        {
            VBuffer<float> other = default;
            _ = VBufferEditor.Create(ref other, 3, 4).Commit();
        });
    }
}
