using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class CursorTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void TransformingReadsNothing()
    {
        var probe = new ProbeView(10);
        var data = Chain().Fit(probe).Transform(probe);
        Assert.AreEqual(0, probe.Cursors);
        Assert.AreEqual(10, data.GetRowCount());
        Assert.AreEqual(4, data.Schema.Count);
    }

    [TestMethod]
    public void OnlyTheColumnsThatAreNeededAreRead()
    {
        var probe = new ProbeView(10);
        var data = Chain().Fit(probe).Transform(probe);
        _ = data.GetColumn<float>("Copy").Count();
        CollectionAssert.AreEqual(new[] { "Number" }, probe.RequestedColumns.Single());
        Assert.AreEqual(10, probe.Reads["Number"]);
        Assert.IsFalse(probe.Reads.ContainsKey("Square"));
    }

    [TestMethod]
    public void AGetterRunsOnlyWhenItIsCalled()
    {
        var probe = new ProbeView(10);
        var data = _context.Transforms.CopyColumns("Copy", "Handle").Fit(probe).Transform(probe); // handles are not read ahead
        using var cursor = data.GetRowCursor([data.Schema["Copy"]]);
        var getter = cursor.GetGetter<Handle>(data.Schema["Copy"]);
        for (int i = 0; i < 5; i++)
            Assert.IsTrue(cursor.MoveNext());
        Assert.IsFalse(probe.Reads.ContainsKey("Handle"));
        Handle? value = null;
        getter(ref value!);
        Assert.AreEqual(4, value.Id);
        Assert.AreEqual(1, probe.Reads["Handle"]);
    }

    [TestMethod]
    public void AnInactiveColumnHasNoGetter()
    {
        var probe = new ProbeView(3);
        var data = Chain().Fit(probe).Transform(probe);
        using var cursor = data.GetRowCursor([data.Schema["Copy"]]);
        Assert.IsTrue(cursor.IsColumnActive(data.Schema["Copy"]));
        Assert.IsFalse(cursor.IsColumnActive(data.Schema["Square"]));
        Assert.Throws<Exception>(() => cursor.GetGetter<float>(data.Schema["Square"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(data.Schema["Copy"]));
        Assert.AreSame(data.Schema, cursor.Schema);
    }

    [TestMethod]
    public void AColumnOfAnotherSchemaIsAnError()
    {
        var data = _context.Data.LoadFromEnumerable([new { A = 1 }]);
        var wide = new DataViewSchema.Builder();
        wide.AddColumn("A", NumberDataViewType.Single);
        wide.AddColumn("B", NumberDataViewType.Single);
        Assert.ThrowsExactly<InvalidOperationException>(() => data.GetRowCursor([wide.ToSchema()["B"]]));
    }

    [TestMethod]
    public void ValuesExistOnlyBetweenTheFirstAndTheLastMove()
    {
        var data = _context.Data.LoadFromEnumerable([new { A = 1 }, new { A = 2 }]);
        using var cursor = data.GetRowCursor(data.Schema);
        var id = cursor.GetIdGetter();
        DataViewRowId value = default;
        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => id(ref value));
        Assert.IsTrue(cursor.MoveNext());
        Assert.IsTrue(cursor.MoveNext());
        Assert.AreEqual(1, cursor.Position);
        id(ref value);
        Assert.AreEqual(new DataViewRowId(1, 0), value);
        Assert.IsFalse(cursor.MoveNext());
        Assert.IsFalse(cursor.MoveNext());
        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => id(ref value));
    }

    [TestMethod]
    public void RowsAreComputedOnOtherThreadsAndComeInOrder()
    {
        var probe = new ProbeView(2000);
        var data = Square().Fit(probe).Transform(probe);
        CollectionAssert.AreEqual(Enumerable.Range(0, 2000).Select(i => 2f * i).ToArray(), data.GetColumn<float>("Double").ToArray());
        Assert.IsFalse(probe.Threads.ContainsKey(Environment.CurrentManagedThreadId));
        Assert.AreEqual(1, probe.DisposedCursors);
    }

    [TestMethod]
    public void AHandleIsReadOnTheCallersThread()
    {
        var probe = new ProbeView(20);
        var data = Square().Fit(probe).Transform(probe);
        using (var cursor = data.GetRowCursor([data.Schema["Double"], data.Schema["Handle"]]))
        {
            var handle = cursor.GetGetter<Handle>(data.Schema["Handle"]);
            var number = cursor.GetGetter<float>(data.Schema["Double"]);
            Handle? handleValue = null;
            float numberValue = 0;
            for (int i = 0; cursor.MoveNext(); i++)
            {
                handle(ref handleValue!);
                number(ref numberValue);
                Assert.AreEqual(2 * handleValue.Id, numberValue);
            }
        }

        CollectionAssert.AreEqual(new[] { Environment.CurrentManagedThreadId }, probe.Threads.Keys.ToArray());
    }

    [TestMethod]
    public void AnErrorOnAnotherThreadReachesTheCaller()
    {
        var probe = new ProbeView(2000, throwsAt: 700);
        var data = Square().Fit(probe).Transform(probe);
        var seen = new List<float>();
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => seen.AddRange(data.GetColumn<float>("Double")));
        Exception root = error;
        while (root.InnerException != null)
            root = root.InnerException;
        Assert.IsInstanceOfType<InvalidDataException>(root);
        Assert.Contains("700", root.Message);
        Assert.IsLessThanOrEqualTo(700, seen.Count);
        CollectionAssert.AreEqual(Enumerable.Range(0, seen.Count).Select(i => 2f * i).ToArray(), seen, "rows before the error, in order");
    }

    [TestMethod]
    public void AnAbandonedCursorEndsItsThreads()
    {
        var probe = new ProbeView(100_000);
        var data = Square().Fit(probe).Transform(probe);
        using (var cursor = data.GetRowCursor([data.Schema["Double"]]))
        {
            Assert.IsTrue(cursor.MoveNext());
        }

        Assert.AreEqual(1, probe.DisposedCursors);
        Assert.IsLessThan(100_000, probe.Reads["Number"]);
    }

    [TestMethod]
    public void ACursorSetPartitionsTheRows()
    {
        var probe = new ProbeView(1000);
        var data = Square().Fit(probe).Transform(probe);
        var cursors = data.GetRowCursorSet([data.Schema["Double"]], 3);
        Assert.HasCount(3, cursors);
        var perCursor = new List<float>[cursors.Length];
        Parallel.For(0, cursors.Length, i =>
        {
            using var cursor = cursors[i];
            var getter = cursor.GetGetter<float>(data.Schema["Double"]);
            long batch = -1;
            perCursor[i] = [];
            while (cursor.MoveNext())
            {
                Assert.IsGreaterThanOrEqualTo(batch, cursor.Batch);
                batch = cursor.Batch;
                float value = 0;
                getter(ref value);
                perCursor[i].Add(value);
            }
        });
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 1000).Select(i => 2f * i).ToArray(), perCursor.SelectMany(values => values).Order().ToArray());
    }

    [TestMethod]
    public void AHandleIsNotSplit()
    {
        var probe = new ProbeView(10);
        var data = _context.Transforms.CopyColumns("Copy", "Handle").Fit(probe).Transform(probe);
        var cursors = data.GetRowCursorSet([data.Schema["Copy"]], 3);
        Assert.HasCount(1, cursors);
        cursors[0].Dispose();
    }

    [TestMethod]
    public void ARowMapperMapsSingleRows()
    {
        var probe = new ProbeView(3);
        var transformer = Chain().Fit(probe);
        ITransformer model = transformer;
        Assert.IsTrue(model.IsRowToRowMapper);
        var mapper = model.GetRowToRowMapper(probe.Schema);
        Assert.AreSame(probe.Schema, mapper.InputSchema);
        var needed = mapper.GetDependencies([mapper.OutputSchema["Copy"]]).ToArray();
        CollectionAssert.AreEqual(new[] { "Number" }, needed.Select(column => column.Name).ToArray());

        using var cursor = probe.GetRowCursor(needed);
        using var row = mapper.GetRow(cursor, [mapper.OutputSchema["Copy"]]);
        Assert.AreSame(mapper.OutputSchema, row.Schema);
        var getter = row.GetGetter<float>(row.Schema["Copy"]);
        for (int i = 0; cursor.MoveNext(); i++)
        {
            float value = -1;
            getter(ref value);
            Assert.AreEqual(i, value);
            Assert.AreEqual(i, row.Position);
        }
    }

    [TestMethod]
    public void ARowOfAnotherSchemaIsRefused()
    {
        var first = new ProbeView(3);
        var second = new ProbeView(3); // equal, but not the same
        foreach (ITransformer model in new ITransformer[] { Chain().Fit(first), _context.Transforms.CopyColumns("Copy", "Number").Fit(first) })
        {
            var mapper = model.GetRowToRowMapper(first.Schema);
            using var cursor = second.GetRowCursor(second.Schema);
            Assert.Throws<Exception>(() => mapper.GetRow(cursor, mapper.OutputSchema));
        }
    }

    private EstimatorChain<ITransformer> Chain()
        => new EstimatorChain<ITransformer>().Append<ITransformer>(_context.Transforms.CopyColumns("Copy", "Number"));

    private IEstimator<ITransformer> Square() => _context.Transforms.CustomMapping<Source, Target>((source, target) => target.Double = 2 * source.Number, null!);

    private sealed class Source
    {
        public float Number { get; set; }
    }

    private sealed class Target
    {
        public float Double { get; set; }
    }
}
