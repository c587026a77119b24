using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// The rows in a random order: out of a pool of rows read ahead one is drawn at a time. Every pass has the order of
/// <paramref name="seed"/> unless the cursor is given a generator. Columns that cannot be kept (images, handles) are dropped.
/// </summary>
internal sealed class ShuffleView(IHost host, IDataView source, int poolRows, bool shuffleSource, int seed)
    : TransformView(host, WithoutUncacheable(host, source))
{
    public override bool CanShuffle => true;

    public override DataViewSchema Schema => Source.Schema;

    protected override bool CanRunParallel => false;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        rand ??= new Random(seed);
        var input = Source.GetRowCursor(columnsNeeded, shuffleSource ? new Random(rand.Next()) : null);
        return poolRows == 1 ? input : new Cursor(input, RowUtils.ActiveColumns(Schema, columnsNeeded), poolRows, rand);
    }

    private static IDataView WithoutUncacheable(IHost host, IDataView source)
        => source.Schema.All(column => column.Type.IsCacheable())
            ? source
            : new ColumnSubsetView(host, source, source.Schema.Where(column => column.Type.IsCacheable()).Select(column => column.Index));

    private sealed class Cursor : RootCursor
    {
        private readonly DataViewRowCursor _input;
        private readonly Random _rand;
        private readonly int[] _slots; // those below _live hold rows, in no order; the one at _live holds the row just drawn
        private readonly BatchColumn[] _columns;
        private readonly BatchColumn.Writer[] _writers;
        private int _live;
        private int _current;
        private bool _ended;

        public Cursor(DataViewRowCursor input, bool[] active, int poolRows, Random rand)
            : base(input.Schema, active)
        {
            _input = input;
            _rand = rand;
            _slots = Enumerable.Range(0, poolRows).ToArray();
            _columns = BatchFiller.CreateColumns(Schema, active, out _);
            var getters = Schema.Where(column => active[column.Index]).Select(input.GetGetter).Append(input.GetIdGetter());
            _writers = _columns.Zip(getters, (column, getter) => column.StartWriting(getter)).ToArray();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ValueGetter<DataViewRowId>)CreateGetter(_columns.Length - 1);

        protected override bool MoveNextCore()
        {
            while (!_ended && _live < _slots.Length)
            {
                _ended = !_input.MoveNext();
                if (_ended)
                    break;
                foreach (var writer in _writers)
                    writer.Write(_slots[_live]);
                _live++;
            }

            if (_live == 0)
                return false;
            int drawn = _rand.Next(_live);
            _live--;
            (_slots[drawn], _slots[_live]) = (_slots[_live], _slots[drawn]);
            _current = _slots[_live];
            return true;
        }

        protected override Delegate CreateGetter(DataViewSchema.Column column)
            => CreateGetter(Enumerable.Range(0, column.Index).Count(i => Active[i]));

        protected override void DisposeCore() => _input.Dispose();

        private Delegate CreateGetter(int index)
        {
            return _columns[index].CreateGetter(() => _writers[index].Values, () =>
            {
                CheckHasRow();
                return _current;
            });
        }
    }
}
