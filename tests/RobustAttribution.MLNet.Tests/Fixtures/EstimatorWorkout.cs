using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>
/// What every estimator must do, whatever it computes: keep its promised schema, be lazy, repeatable and the same through every kind of cursor and in a model file,
/// take empty data and a single row, fail early on wrong columns, and clean up.
/// </summary>
internal sealed class EstimatorWorkout
{
    /// <summary>The context that the estimator was made of.</summary>
    public required MLContext Context { get; init; }

    /// <summary>What is tried.</summary>
    public required IEstimator<ITransformer> Estimator { get; init; }

    /// <summary>A view it fits, of more than one batch and with a last partial one.</summary>
    public required IDataView Data { get; init; }

    /// <summary>A view of the same columns without rows.</summary>
    public required IDataView Empty { get; init; }

    /// <summary>Columns without which it must fail when fitting and when promising, with an error that names them.</summary>
    public required IReadOnlyList<string> NeededToFit { get; init; }

    /// <summary>Columns without which the transformer must fail when it is bound to a schema, with an error that names them.</summary>
    public required IReadOnlyList<string> NeededToTransform { get; init; }

    /// <summary>Difference allowed between batches of different sizes, relative to the largest value.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Whether a row's values depend on the rows that share its batch (random draws), so that other orders give other values.</summary>
    public bool DependsOnBatch { get; init; }

    /// <summary>Rows in one computation.</summary>
    public int BatchSize { get; init; } = Scored.BatchSize;

    /// <summary>Network calls for each batch when every column is read; null where it is not told.</summary>
    public int? CallsPerBatch { get; init; }

    /// <summary>Whether ML.NET's own transform serves the rows: rows and getters that are misused are refused in its words.</summary>
    public bool RowsOfMLNet { get; init; }

    /// <summary>What fitting to data without rows must say; null where there is nothing to learn, so that it must do.</summary>
    public string? EmptyFitError { get; init; }

    public void Run()
    {
        KeepsItsPromise();
        FailsEarly();
        RefusesMisuse();
        ITransformer transformer = Estimator.Fit(Data);
        IDataView view = transformer.Transform(Data);
        Assert.IsTrue(transformer.IsRowToRowMapper);
        List<Rows.Row> rows = Rows.Read(view);
        Assert.IsTrue(rows.Count > BatchSize && rows.Count % BatchSize != 0, "several batches, the last one partial");
        IsLazy(view);
        CallsTheNetworkOnceForEachBatch(view);
        IsRepeatable(view, rows);
        IsTheSameColumnByColumn(view, rows);
        IsTheSameShuffled(view, rows);
        IsTheSameInParts(view, rows);
        IsTheSameRowByRow(transformer, rows);
        IsTheSameAfterSaving(transformer, rows);
        TakesFewRows(transformer, rows);
        CleansUp(transformer, view);
    }

    private static bool IsImage(DataViewSchema.Column column) => column.Type is ImageDataViewType;

    private static void ColumnsMatch(SchemaShape promised, DataViewSchema actual)
    {
        string[] visible = [.. actual.Where(column => !column.IsHidden).Select(column => column.Name)];
        CollectionAssert.AreEquivalent(visible, promised.Select(column => column.Name).ToArray(), "columns");
        foreach (SchemaShape.Column column in promised)
        {
            TypesMatch(column, actual[column.Name].Type, column.Name);
            DataViewSchema annotations = actual[column.Name].Annotations.Schema;
            foreach (SchemaShape.Column annotation in column.Annotations)
            {
                DataViewSchema.Column? found = annotations.GetColumnOrNull(annotation.Name);
                Assert.IsNotNull(found, $"{column.Name} lacks the promised annotation {annotation.Name}");
                TypesMatch(annotation, found.Value.Type, $"{column.Name}.{annotation.Name}");
            }
        }
    }

    private static void TypesMatch(SchemaShape.Column promised, DataViewType actual, string name)
    {
        var vector = actual as VectorDataViewType;
        DataViewType item = vector?.ItemType ?? actual;
        SchemaShape.Column.VectorKind kind = vector is null ? SchemaShape.Column.VectorKind.Scalar
            : vector.IsKnownSize ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.VariableVector;
        Assert.AreEqual(kind, promised.Kind, name);
        Assert.AreEqual(item is KeyDataViewType, promised.IsKey, name);
        Assert.AreEqual(item.RawType, promised.ItemType.RawType, name);
    }

    private void KeepsItsPromise()
    {
        var spy = new ShapeSpy();
        ITransformer fitted = new EstimatorChain<ITransformer>().Append(Estimator).Append(spy).Fit(Data);
        ColumnsMatch(spy.Shape!, fitted.GetOutputSchema(Data.Schema));
        ColumnsMatch(spy.Shape!, fitted.Transform(Data).Schema);
        (fitted as IDisposable)?.Dispose();
    }

    private void FailsEarly()
    {
        foreach (string column in NeededToFit)
        {
            IDataView without = Without(column);
            NamesTheColumn(() => Estimator.Fit(without), column, "fitting");
            NamesTheColumn(() => new EstimatorChain<ITransformer>().Append(Estimator).Append(new ShapeSpy()).Fit(without), column, "promising");
        }

        ITransformer fitted = Estimator.Fit(Data);
        foreach (string column in NeededToTransform)
        {
            IDataView without = Without(column);
            NamesTheColumn(() => fitted.GetOutputSchema(without.Schema), column, "binding");
            NamesTheColumn(() => fitted.Transform(without), column, "transforming");
        }

        (fitted as IDisposable)?.Dispose();

        static void NamesTheColumn(Func<object> deed, string column, string what)
        {
            Exception error = Assert.Throws<Exception>(deed, $"{what} without {column}");
            StringAssert.Contains(error.Message, $"'{column}'", what);
        }

        IDataView Without(string column)
        {
            string[] others = [.. Data.Schema.Where(other => !other.IsHidden && other.Name != column).Select(other => other.Name)];
            return Context.Transforms.SelectColumns(others).Fit(Data).Transform(Data);
        }
    }

    private static void Throws<TException>(Func<object?> deed, string what, string? says = null)
        where TException : Exception
    {
        var error = Assert.Throws<TException>(() => deed(), what);
        StringAssert.Contains(error.Message, says ?? string.Empty, what);
    }

    private void RefusesMisuse()
    {
        Throws<ArgumentNullException>(() => Estimator.Fit(null!), "fitting to nothing");
        Throws<ArgumentNullException>(() => Estimator.GetOutputSchema(null!), "promising for nothing");
        ITransformer fitted = Estimator.Fit(Data);
        Throws<ArgumentNullException>(() => fitted.Transform(null!), "transforming nothing");
        Throws<ArgumentNullException>(() => fitted.GetOutputSchema(null!), "binding to nothing");
        Throws<ArgumentNullException>(() => fitted.GetRowToRowMapper(null!), "mapping nothing");

        IRowToRowMapper mapper = fitted.GetRowToRowMapper(Data.Schema);
        IDataView view = fitted.Transform(Data);
        DataViewSchema.Column added = view.Schema[view.Schema.Count - 1];
        DataViewSchema.Column foreign = Context.Transforms.CopyColumns("Foreign", "Id").Fit(view).GetOutputSchema(view.Schema)["Foreign"];
        using DataViewRowCursor other = Context.Data.LoadFromEnumerable(TestImage.Make(1)).GetRowCursor([]);
        using DataViewRowCursor inactive = view.GetRowCursor([]);
        using DataViewRowCursor cursor = view.GetRowCursor([added]);
        if (RowsOfMLNet)
        {
            Throws<InvalidOperationException>(() => mapper.GetRow(other, []), "a row of another schema", "Schema of input row");
            Throws<ArgumentException>(() => inactive.GetGetter<VBuffer<float>>(added), "a getter of a column that was not asked for", "not active");
            Throws<InvalidOperationException>(() => cursor.GetGetter<VBuffer<ushort>>(added), "a getter of another type", "Invalid TValue");
            Throws<InvalidOperationException>(() => view.GetRowCursor([foreign]), "a column of another schema", "Foreign");
        }
        else
        {
            Throws<ArgumentException>(() => mapper.GetRow(other, []), "a row of another schema", "another schema");
            Throws<ArgumentException>(() => inactive.GetGetter<VBuffer<float>>(added), "a getter of a column not asked for", $"'{added.Name}'");
            Throws<InvalidOperationException>(() => cursor.GetGetter<VBuffer<ushort>>(added), "a getter of another type", $"'{added.Name}'");
            Throws<ArgumentException>(() => view.GetRowCursor([foreign]), "a column of another schema", "'Foreign'");
        }

        (fitted as IDisposable)?.Dispose();
    }

    private void IsLazy(IDataView view)
    {
        string[] passedThrough = [.. Data.Schema.Where(column => !column.IsHidden).Select(column => column.Name)];
        int before = CountingArchitecture.Calls;
        _ = Rows.Read(Data, passedThrough);
        int ofTheSource = CountingArchitecture.Calls - before;
        before = CountingArchitecture.Calls;
        _ = Rows.Read(view, passedThrough);
        Assert.AreEqual(ofTheSource, CountingArchitecture.Calls - before, "network calls for columns that pass through");
        before = CountingArchitecture.Calls;
        _ = view.GetRowCount();
        foreach (DataViewRowCursor part in view.GetRowCursorSet([view.Schema["Id"]], 3))
        {
            using (part)
            {
                while (part.MoveNext())
                {
                }
            }
        }

        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        foreach (DataViewSchema.Column column in view.Schema.Where(column => !column.IsHidden))
        {
            _ = Rows.Getter(cursor, column);
        }

        while (cursor.MoveNext())
        {
        }

        Assert.AreEqual(before, CountingArchitecture.Calls, "network calls for rows nobody looked at");
    }

    private void CallsTheNetworkOnceForEachBatch(IDataView view)
    {
        if (CallsPerBatch is not int expected)
        {
            return;
        }

        int before = CountingArchitecture.Calls;
        int rows = Rows.Read(view).Count;
        Assert.AreEqual(expected * ((rows + BatchSize - 1) / BatchSize), CountingArchitecture.Calls - before, "network calls for all rows");
    }

    private void IsRepeatable(IDataView view, List<Rows.Row> rows)
    {
        AreSame(rows, Rows.Read(view), 0, "second pass");
        ITransformer again = Estimator.Fit(Data);
        AreSame(rows, Rows.Read(again.Transform(Data)), 0, "fitted again");
        (again as IDisposable)?.Dispose();
    }

    private void IsTheSameColumnByColumn(IDataView view, List<Rows.Row> rows)
    {
        foreach (DataViewSchema.Column column in view.Schema.Where(column => column.Index >= Data.Schema.Count && !column.IsHidden))
        {
            List<Rows.Row> alone = Rows.Read(view, [column.Name]);
            Assert.HasCount(rows.Count, alone);
            for (int i = 0; i < rows.Count; i++)
            {
                Rows.AreEqual(new Dictionary<string, object> { [column.Name] = rows[i].Values[column.Name] }, alone[i].Values, 0, $"alone, row {i}");
            }
        }
    }

    private void IsTheSameShuffled(IDataView view, List<Rows.Row> rows)
    {
        IDataView shuffled = Context.Data.ShuffleRows(view, seed: 5);
        List<Rows.Row> found = Rows.Read(shuffled);
        Assert.HasCount(rows.Count, found);
        Assert.IsTrue(view.CanShuffle);
        List<Rows.Row> first = Rows.Read(view, null, new Random(7));
        AreSame(first, Rows.Read(view, null, new Random(7)), 0, "shuffled with the same seed");
        Assert.IsFalse(first.Select(row => row.Id).SequenceEqual(rows.Select(row => row.Id)), "a shuffled cursor gives another order");
        found.AddRange(first);
        SameById(rows, found, "shuffled");
    }

    private void IsTheSameInParts(IDataView view, List<Rows.Row> rows)
    {
        List<Rows.Row> parts = Rows.ReadParts(view, 3);
        Assert.HasCount(rows.Count, parts);
        SameById(rows, parts, "in parts");
    }

    private void SameById(List<Rows.Row> expected, List<Rows.Row> found, string what)
    {
        if (DependsOnBatch)
        {
            return;
        }

        Dictionary<object, Rows.Row> byId = expected.ToDictionary(row => row.Values["Id"]);
        foreach (Rows.Row row in found)
        {
            // ML.NET's shuffling leaves columns of images out.
            IReadOnlyDictionary<string, object> all = byId[row.Values["Id"]].Values;
            Rows.AreEqual(all.Where(pair => pair.Value is not byte[] || row.Values.ContainsKey(pair.Key)).ToDictionary(), row.Values, Tolerance, $"{what}, row {row.Values["Id"]}");
        }
    }

    private void IsTheSameRowByRow(ITransformer transformer, List<Rows.Row> rows)
    {
        IRowToRowMapper mapper = transformer.GetRowToRowMapper(Data.Schema);
        Assert.AreSame(Data.Schema, mapper.InputSchema);
        DataViewSchema.Column[] wanted = [.. mapper.OutputSchema.Where(column => !column.IsHidden)];
        using DataViewRowCursor input = Data.GetRowCursor(mapper.GetDependencies(wanted));
        DataViewRow row = mapper.GetRow(input, wanted);
        Assert.AreSame(mapper.OutputSchema, row.Schema);
        Func<object>[] getters = Array.ConvertAll(wanted, column => Rows.Getter(row, column));
        for (int i = 0; input.MoveNext(); i++)
        {
            Dictionary<string, object> values = wanted.Select((column, j) => KeyValuePair.Create(column.Name, getters[j]())).ToDictionary();
            int calls = CountingArchitecture.Calls;
            _ = getters.Select(getter => getter()).ToArray();
            Assert.AreEqual(calls, CountingArchitecture.Calls, "network calls for a row that was computed already");
            if (!DependsOnBatch)
            {
                Rows.AreEqual(rows[i].Values, values, Tolerance, $"row {i} by itself");
            }
        }
    }

    private void IsTheSameAfterSaving(ITransformer transformer, List<Rows.Row> rows)
    {
        using var file = new MemoryStream();
        Context.Model.Save(transformer, Data.Schema, file);
        file.Position = 0;
        var other = new MLContext();
        ITransformer loaded = other.Model.Load(file, out DataViewSchema schema);
        CollectionAssert.AreEqual(Data.Schema.Where(column => !column.IsHidden && !IsImage(column)).Select(column => column.Name).ToArray(), schema.Where(column => !column.IsHidden).Select(column => column.Name).ToArray());
        AreSame(rows, Rows.Read(loaded.Transform(Data)), 0, "after saving and loading");
        (loaded as IDisposable)?.Dispose();
    }

    private void TakesFewRows(ITransformer transformer, List<Rows.Row> rows)
    {
        Assert.IsEmpty(Rows.Read(transformer.Transform(Empty)), "rows of empty data");
        if (EmptyFitError is null)
        {
            Assert.IsEmpty(Rows.Read(Estimator.Fit(Empty).Transform(Empty)), "rows of empty data, fitted to it");
        }
        else
        {
            Throws<ArgumentException>(() => Estimator.Fit(Empty), "fitting to empty data", EmptyFitError);
        }

        List<Rows.Row> one = Rows.Read(transformer.Transform(Context.Data.TakeRows(Data, 1)));
        Assert.HasCount(1, one);
        if (!DependsOnBatch)
        {
            Rows.AreEqual(rows[0].Values, one[0].Values, Tolerance, "a single row");
        }
    }

    private void CleansUp(ITransformer transformer, IDataView view)
    {
        Rows.Read(view);
        long before = LiveTensors.Count();
        Rows.Read(view);
        using (DataViewRowCursor abandoned = view.GetRowCursor(view.Schema))
        {
            abandoned.MoveNext();
            foreach (DataViewSchema.Column column in view.Schema.Where(column => !column.IsHidden))
            {
                _ = Rows.Getter(abandoned, column)();
            }

            abandoned.Dispose();
            Assert.IsFalse(abandoned.MoveNext());
        }

        Assert.AreEqual(before, LiveTensors.Count(), "live tensors after reading");
        if (transformer is IDisposable owner)
        {
            owner.Dispose();
            owner.Dispose();
            Throws<ObjectDisposedException>(() => Rows.Read(view), "reading after disposal");
        }
    }

    private static void AreSame(List<Rows.Row> expected, List<Rows.Row> actual, double tolerance, string what)
    {
        Assert.HasCount(expected.Count, actual, what);
        for (int i = 0; i < expected.Count; i++)
        {
            Rows.AreEqual(expected[i].Values, actual[i].Values, tolerance, $"{what}, row {i}");
        }
    }
}
