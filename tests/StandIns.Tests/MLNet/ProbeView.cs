using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

/// <summary>
/// A data view that says how it is read: which columns were asked for, how often each getter ran and on which threads.
/// Columns: "Number" (the row's index), "Square" (its square) and "Handle" (an object of a type that only this class knows).
/// </summary>
internal sealed class ProbeView : IDataView
{
    private readonly int _rows;
    private readonly int _throwsAt;

    public ProbeView(int rows, int throwsAt = -1, bool canShuffle = false, DataViewSchema.Annotations? numberAnnotations = null)
    {
        _rows = rows;
        _throwsAt = throwsAt;
        CanShuffle = canShuffle;
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("Number", NumberDataViewType.Single, numberAnnotations);
        schema.AddColumn("Square", NumberDataViewType.Single);
        schema.AddColumn("Handle", HandleType.Instance);
        Schema = schema.ToSchema();
    }

    public bool CanShuffle { get; }

    public DataViewSchema Schema { get; }

    /// <summary>How often the getter of each column ran.</summary>
    public ConcurrentDictionary<string, int> Reads { get; } = new();

    public ConcurrentBag<string[]> RequestedColumns { get; } = [];

    public ConcurrentDictionary<int, bool> Threads { get; } = new();

    public int Cursors { get; private set; }

    public int DisposedCursors { get; private set; }

    public long? GetRowCount() => _rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        string[] names = columnsNeeded.Select(column => column.Name).ToArray();
        RequestedColumns.Add(names);
        Cursors++;
        int[] order = Enumerable.Range(0, _rows).ToArray();
        if (CanShuffle)
            rand?.Shuffle(order);
        return new Cursor(this, names, order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(ProbeView view, string[] active, int[] order) : DataViewRowCursor
    {
        private long _position = -1;
        private bool _disposed;

        public override long Position => _position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        private int Row => order[_position];

        public override bool MoveNext()
        {
            view.Threads[Environment.CurrentManagedThreadId] = true;
            if (_position + 1 >= order.Length)
            {
                _position = -1;
                return false;
            }

            _position++;
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Name);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)Row, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Assert.IsTrue(IsColumnActive(column), $"nobody asked for column {column.Name}");
            Delegate getter = column.Name switch
            {
                "Number" => (ValueGetter<float>)((ref float value) => value = Read(column)),
                "Square" => (ValueGetter<float>)((ref float value) => value = Read(column) * Row),
                _ => (ValueGetter<Handle>)((ref Handle value) => value = new Handle(Read(column))),
            };
            return (ValueGetter<TValue>)getter;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
                view.DisposedCursors++;
            _disposed = true;
            base.Dispose(disposing);
        }

        private int Read(DataViewSchema.Column column)
        {
            view.Reads.AddOrUpdate(column.Name, 1, (_, count) => count + 1);
            return Row == view._throwsAt ? throw new InvalidDataException($"row {Row} is broken") : Row;
        }
    }
}

/// <summary>A value that no built-in type carries.</summary>
internal sealed class Handle(int id)
{
    public int Id => id;
}

internal sealed class HandleType : StructuredDataViewType
{
    private HandleType()
        : base(typeof(Handle))
    {
    }

    public static HandleType Instance { get; } = new();

    public override bool Equals(DataViewType? other) => other == this;
}
