using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Keeps each column that a cursor asks for in memory, from the first cursor on. Columns of types that cannot be kept
/// (images, handles) are dropped.
/// </summary>
internal sealed class CacheDataView : IDataView
{
    private readonly Lock _gate = new();
    private readonly IHost _host;
    private readonly IDataView _source;
    private readonly HashSet<int> _prefetch;
    private readonly Array[] _values;
    private int? _rowCount;

    public CacheDataView(IHostEnvironment env, IDataView source, IEnumerable<string> prefetch)
    {
        _host = env.Register("Cache");
        _source = source.Schema.All(column => column.Type.IsCacheable())
            ? source
            : new ColumnSubsetView(_host, source, source.Schema.Where(column => column.Type.IsCacheable()).Select(column => column.Index));
        _prefetch = (prefetch ?? []).Select(name => Schema[name].Index).ToHashSet();
        _values = new Array[Schema.Count];
        _rowCount = (int?)_source.GetRowCount();
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => _rowCount;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => GetRowCursorSet(columnsNeeded, 1, rand)[0];

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        int[] order = null;
        if (rand != null)
        {
            order = Enumerable.Range(0, Fill(active)).ToArray();
            rand.Shuffle(order);
        }

        n = Math.Clamp(n, 1, 2 * CursorSplitter.ThreadCount);
        return Enumerable.Range(0, n).Select(part => (DataViewRowCursor)new Cursor(this, active, order, part, n)).ToArray();
    }

    /// <summary>Reads those columns that are not in memory yet, and returns the number of rows.</summary>
    private int Fill(bool[] active)
    {
        lock (_gate)
        {
            var missing = Schema.Where(column => _values[column.Index] == null && (active[column.Index] || _prefetch.Contains(column.Index))).ToArray();
            if (missing.Length == 0 && _rowCount is int known)
                return known;
            try
            {
                using var cursor = _source.GetRowCursor(missing);
                var writers = missing.Select(column => BatchColumn.Create(column.Type).StartWriting(cursor.GetGetter(column))).ToArray();
                int count = 0;
                for (; cursor.MoveNext(); count++)
                {
                    foreach (var writer in writers)
                        writer.Write(count);
                }

                _host.Check(_rowCount is null || _rowCount == count,
                    $"The source of a cache gave {count} rows after {_rowCount}: it must give the same rows each time.");
                for (int i = 0; i < missing.Length; i++)
                    _values[missing[i].Index] = writers[i].Take();
                _rowCount = count;
                return count;
            }
            catch (Exception ex)
            {
                throw _host.Except(ex, "Event we were waiting on was subject to an exception");
            }
        }
    }

    /// <summary>Every <paramref name="parts"/>-th block of rows.</summary>
    private sealed class Cursor(CacheDataView view, bool[] active, int[] order, int part, int parts) : RootCursor(view.Schema, active)
    {
        private const int BlockSize = 64;
        private int _rowCount = -1;
        private int _index = -1;

        public override long Batch => parts == 1 ? 0 : _index / BlockSize;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
        {
            CheckHasRow();
            value = new((ulong)Row(), 0);
        };

        protected override bool MoveNextCore()
        {
            if (_rowCount < 0)
            {
                _rowCount = view.Fill(Active);
                _index = part * BlockSize;
            }
            else
            {
                _index++;
                if (_index % BlockSize == 0)
                    _index += (parts - 1) * BlockSize;
            }

            return _index < _rowCount;
        }

        protected override Delegate CreateGetter(DataViewSchema.Column column)
            => BatchColumn.Create(column.Type).CreateGetter(() => view._values[column.Index], Row);

        private int Row()
        {
            CheckHasRow();
            return order == null ? _index : order[_index];
        }
    }
}
