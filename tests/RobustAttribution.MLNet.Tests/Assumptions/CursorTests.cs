using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>On which threads and in which order ML.NET reads rows: batched scoring and streamed training are built on it.</summary>
[TestClass]
public sealed class CursorTests
{
    private readonly MLContext context = new(seed: 1);

    private static float[] Numbers => [.. Enumerable.Range(0, 2000).Select(i => (float)i)];

    [TestMethod]
    public void PrimitiveColumnsAreReadOnOtherThreadsAndComeInOrder()
    {
        var probe = new ProbeView(2000);
        CollectionAssert.AreEqual(Numbers, Copied(probe).GetColumn<float>("Copy").ToArray());
        Assert.IsFalse(probe.Reads.ContainsKey(Environment.CurrentManagedThreadId));
    }

    [TestMethod]
    public void WithAnActiveImageColumnRowsAreReadWhenAskedForOnTheCallersThread()
    {
        var probe = new ProbeView(2000);
        IDataView data = Copied(probe);
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema["Copy"], data.Schema["Image"]]);
        ValueGetter<float> getter = cursor.GetGetter<float>(data.Schema["Copy"]);
        Assert.IsTrue(cursor.MoveNext() && cursor.MoveNext() && cursor.MoveNext());
        Assert.IsEmpty(probe.Reads);
        float value = 0;
        getter(ref value);
        Assert.AreEqual(2, value);
        Assert.AreEqual(new KeyValuePair<int, int>(Environment.CurrentManagedThreadId, 1), probe.Reads.Single());
    }

    [TestMethod]
    public void AnErrorOnAnotherThreadArrivesInsideAnInvalidOperationException()
    {
        IDataView data = Copied(new ProbeView(2000, throwsAt: 700));
        Exception error = Assert.ThrowsExactly<InvalidOperationException>(() => data.GetColumn<float>("Copy").Count());
        Assert.AreEqual("row 700 is broken", Assert.IsInstanceOfType<InvalidDataException>(error.GetBaseException()).Message);
    }

    [TestMethod]
    public void TheBatchesOfACursorSetGiveTheOrderOfOneCursor()
    {
        IDataView data = Copied(new ProbeView(2000));
        DataViewRowCursor[] parts = data.GetRowCursorSet([data.Schema["Copy"]], 3);
        Assert.HasCount(3, parts);
        var rows = new ConcurrentDictionary<long, ConcurrentQueue<float>>();
        Task.WaitAll([.. parts.Select(part => Task.Factory.StartNew(() => Read(part), TaskCreationOptions.LongRunning))]);
        Assert.IsGreaterThan(3, rows.Count);
        CollectionAssert.AreEqual(Numbers, rows.OrderBy(batch => batch.Key).SelectMany(batch => batch.Value).ToArray());

        void Read(DataViewRowCursor part)
        {
            using (part)
            {
                ValueGetter<float> getter = part.GetGetter<float>(data.Schema["Copy"]);
                for (float value = 0; part.MoveNext();)
                {
                    getter(ref value);
                    rows.GetOrAdd(part.Batch, _ => []).Enqueue(value);
                }
            }
        }
    }

    [TestMethod]
    public void CursorsShuffledFromOneSeedReadOneOrderAndARowKeepsItsId()
    {
        IDataView cached = context.Data.Cache(new ProbeView(300));
        Assert.IsTrue(cached.CanShuffle);
        (float Number, DataViewRowId Id)[] straight = Read(null), shuffled = Read(new Random(5));
        CollectionAssert.AreEqual(shuffled, Read(new Random(5)));
        CollectionAssert.AreNotEqual(straight, shuffled);
        CollectionAssert.AreEqual(straight, shuffled.OrderBy(row => row.Number).ToArray(), "the id is the row's, not its place's");

        (float Number, DataViewRowId Id)[] Read(Random? random)
        {
            using DataViewRowCursor cursor = cached.GetRowCursor([cached.Schema["Number"]], random);
            (ValueGetter<float> number, ValueGetter<DataViewRowId> id) = (cursor.GetGetter<float>(cached.Schema["Number"]), cursor.GetIdGetter());
            List<(float, DataViewRowId)> rows = [];
            for ((float value, DataViewRowId key) = (0, default); cursor.MoveNext(); rows.Add((value, key)))
            {
                number(ref value);
                id(ref key);
            }

            return [.. rows];
        }
    }

    [TestMethod]
    public void AListOfRowObjectsDoesNotShuffle() => Assert.IsFalse(context.Data.LoadFromEnumerable(new List<Row> { new(), new() }).CanShuffle);

    private IDataView Copied(ProbeView probe) => context.Transforms.CopyColumns("Copy", "Number").Fit(probe).Transform(probe);

    private sealed class Row
    {
        public float Number { get; set; }
    }
}
