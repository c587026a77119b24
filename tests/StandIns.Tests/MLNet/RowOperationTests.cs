using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class RowOperationTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void TakeAndSkipCountRows()
    {
        var probe = new ProbeView(10);
        CollectionAssert.AreEqual(new float[] { 0, 1, 2 }, Numbers(_context.Data.TakeRows(probe, 3)));
        CollectionAssert.AreEqual(new float[] { 7, 8, 9 }, Numbers(_context.Data.SkipRows(probe, 7)));
        Assert.AreEqual(3, _context.Data.TakeRows(probe, 3).GetRowCount());
        Assert.AreEqual(0, _context.Data.SkipRows(probe, 70).GetRowCount());
        Assert.IsEmpty(Numbers(_context.Data.SkipRows(probe, 70)));
        Assert.AreSame(probe.Schema, _context.Data.TakeRows(probe, 3).Schema);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.TakeRows(probe, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.SkipRows(probe, -1));
    }

    [TestMethod]
    public void TakingReadsNoFurther()
    {
        var probe = new ProbeView(10, throwsAt: 3);
        Assert.HasCount(3, Numbers(_context.Data.TakeRows(probe, 3)));
        Assert.AreEqual(3, probe.Reads["Number"]);
    }

    [TestMethod]
    public void AFilterKeepsTheLowerAndLeavesOutTheUpperBound()
    {
        var filtered = _context.Data.FilterRowsByColumn(new ProbeView(10), "Number", lowerBound: 2, upperBound: 5);
        CollectionAssert.AreEqual(new float[] { 2, 3, 4 }, Numbers(filtered));
        CollectionAssert.AreEqual(new float[] { 4, 9, 16 }, filtered.GetColumn<float>("Square").ToArray());
        Assert.IsNull(filtered.GetRowCount());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByColumn(new ProbeView(1), "Other"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByColumn(new ProbeView(1), "Handle"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByColumn(new ProbeView(1), "Number", 2, 1));
    }

    [TestMethod]
    public void MissingValuesAreFilteredOut()
    {
        var data = _context.Data.LoadFromEnumerable(new[]
        {
            new Sample { Value = 1, Vector = [1, 2], Key = 0 },
            new Sample { Value = float.NaN, Vector = [1, 2], Key = 0 },
            new Sample { Value = 3, Vector = [1, float.NaN], Key = 0 },
            new Sample { Value = 4, Vector = [1, 2], Key = 9 },
            new Sample { Value = 5, Vector = [1, 2], Key = 2 },
        });
        CollectionAssert.AreEqual(new float[] { 1, 3, 4, 5 }, _context.Data.FilterRowsByMissingValues(data, "Value").GetColumn<float>("Value").ToArray());
        CollectionAssert.AreEqual(
            new float[] { 1, 5 }, _context.Data.FilterRowsByMissingValues(data, "Value", "Vector", "Key").GetColumn<float>("Value").ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByMissingValues(data));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByMissingValues(data, "Name"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByMissingValues(data, "Value", "Value"));
    }

    [TestMethod]
    [DataRow(1000, true)]
    [DataRow(10, true)]
    [DataRow(10, false)]
    public void AShuffleIsAnotherOrderOfTheSameRows(int pool, bool shuffleSource)
    {
        var shuffled = _context.Data.ShuffleRows(new ProbeView(200, canShuffle: true), seed: 3, shufflePoolSize: pool, shuffleSource: shuffleSource);
        float[] first = Numbers(shuffled);
        CollectionAssert.AreNotEqual(Enumerable.Range(0, 200).Select(i => (float)i).ToArray(), first);
        CollectionAssert.AreEqual(Enumerable.Range(0, 200).Select(i => (float)i).ToArray(), first.Order().ToArray());
        CollectionAssert.AreEqual(first, Numbers(shuffled), "every pass has the same order");
        Assert.AreEqual(200, shuffled.GetRowCount());
    }

    [TestMethod]
    public void AShuffleIsRepeatableBySeed()
    {
        CollectionAssert.AreEqual(Shuffled(3), Shuffled(3));
        CollectionAssert.AreNotEqual(Shuffled(3), Shuffled(4));
        CollectionAssert.AreEqual(ShuffledByContext(7), ShuffledByContext(7));

        float[] Shuffled(int seed) => Numbers(_context.Data.ShuffleRows(new ProbeView(100), seed));
        float[] ShuffledByContext(int seed) => Numbers(new MLContext(seed).Data.ShuffleRows(new ProbeView(100)));
    }

    [TestMethod]
    public void RowsStayTogetherWhenShuffled()
    {
        var shuffled = _context.Data.ShuffleRows(new ProbeView(100), seed: 1);
        using var cursor = shuffled.GetRowCursor([shuffled.Schema["Number"], shuffled.Schema["Square"]]);
        var number = cursor.GetGetter<float>(shuffled.Schema["Number"]);
        var square = cursor.GetGetter<float>(shuffled.Schema["Square"]);
        var id = cursor.GetIdGetter();
        int rows = 0;
        for (; cursor.MoveNext(); rows++)
        {
            (float numberValue, float squareValue, DataViewRowId idValue) = (0, 0, default);
            number(ref numberValue);
            square(ref squareValue);
            id(ref idValue);
            Assert.AreEqual(numberValue * numberValue, squareValue);
            Assert.AreEqual((ulong)numberValue, idValue.Low);
        }

        Assert.AreEqual(100, rows);
        Assert.IsNull(shuffled.Schema.GetColumnOrNull("Handle"), "a handle cannot wait in a pool");
    }

    [TestMethod]
    public void ACacheReadsEachColumnOnce()
    {
        var probe = new ProbeView(100);
        var cached = _context.Data.Cache(probe);
        Assert.AreEqual(0, probe.Cursors);
        for (int pass = 0; pass < 3; pass++)
            CollectionAssert.AreEqual(Enumerable.Range(0, 100).Select(i => (float)i).ToArray(), Numbers(cached));
        Assert.AreEqual(100, probe.Reads["Number"]);
        Assert.IsFalse(probe.Reads.ContainsKey("Square"));
        Assert.HasCount(100, cached.GetColumn<float>("Square").ToArray());
        Assert.AreEqual(100, probe.Reads["Number"]);
        Assert.IsTrue(cached.CanShuffle);
        Assert.AreEqual(100, cached.GetRowCount());
        Assert.IsNull(cached.Schema.GetColumnOrNull("Handle"), "a handle cannot be kept");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.Cache(probe, "Other"));
    }

    [TestMethod]
    public void ACacheCanBeReadInAnyOrderAndInParts()
    {
        var cached = _context.Data.Cache(new ProbeView(300));
        var column = cached.Schema["Number"];
        float[] order = Read(cached.GetRowCursor([column], new Random(1)), column);
        CollectionAssert.AreNotEqual(Enumerable.Range(0, 300).Select(i => (float)i).ToArray(), order);
        CollectionAssert.AreEqual(Enumerable.Range(0, 300).Select(i => (float)i).ToArray(), order.Order().ToArray());
        CollectionAssert.AreEqual(order, Read(cached.GetRowCursor([column], new Random(1)), column));
        var parts = cached.GetRowCursorSet([column], 2).SelectMany(cursor => Read(cursor, column)).ToArray();
        CollectionAssert.AreEqual(Enumerable.Range(0, 300).Select(i => (float)i).ToArray(), parts.Order().ToArray());
    }

    [TestMethod]
    public void APreviewShowsTheFirstRows()
    {
        var preview = new ProbeView(10).Preview(maxRows: 3);
        Assert.HasCount(3, preview.RowView);
        Assert.HasCount(3, preview.ColumnView);
        Assert.AreEqual("Square", preview.RowView[2].Values[1].Key);
        Assert.AreEqual(4f, preview.RowView[2].Values[1].Value);
        CollectionAssert.AreEqual(new object[] { 0f, 1f, 2f }, preview.ColumnView[0].Values);
        Assert.AreEqual("3 columns, 3 rows", preview.ToString());
        var estimator = _context.Transforms.CopyColumns("Copy", "Number");
        Assert.AreEqual(9f, estimator.Preview(new ProbeView(10)).ColumnView[3].Values[9]);
        Assert.AreEqual(9f, estimator.Fit(new ProbeView(1)).Preview(new ProbeView(10)).ColumnView[3].Values[9]);
    }

    [TestMethod]
    public void AColumnIsReadAsItsRawTypeTextOrArrays()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { Name = "x", Vector = [1, 2] }]);
        Assert.AreEqual("x", data.GetColumn<string>("Name").Single());
        Assert.AreEqual("x", data.GetColumn<ReadOnlyMemory<char>>(data.Schema["Name"]).Single().ToString());
        CollectionAssert.AreEqual(new float[] { 1, 2 }, data.GetColumn<float[]>("Vector").Single());
        Assert.AreEqual(2, data.GetColumn<VBuffer<float>>("Vector").Single().Length);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => data.GetColumn<double>("Name"));
        Assert.Contains("Name", error.Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => data.GetColumn<float>("Other"));
    }

    private static float[] Numbers(IDataView data) => data.GetColumn<float>("Number").ToArray();

    private static float[] Read(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        using (cursor)
        {
            var getter = cursor.GetGetter<float>(column);
            var values = new List<float>();
            while (cursor.MoveNext())
            {
                float value = 0;
                getter(ref value);
                values.Add(value);
            }

            return values.ToArray();
        }
    }

    private sealed class Sample
    {
        public float Value { get; set; }

        [VectorType(2)]
        public float[] Vector { get; set; } = [0, 0];

        [KeyType(3)]
        public uint Key { get; set; }

        public string Name { get; set; } = "";
    }
}
