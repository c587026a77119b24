using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Data;

/// <summary>The rows of text files, read anew by each cursor. Empty lines and lines that start with // are no rows, nor are those with # before the first row of a file.</summary>
internal sealed class TextView(DataViewSchema schema, TextLoader.Segment[] segments, char separator, bool hasHeader, IMultiStreamSource source) : IDataView
{
    public bool CanShuffle => false;

    public DataViewSchema Schema => schema;

    private TextLoader.Segment[] Segments => segments;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => new Cursor(this, RowUtils.ActiveColumns(schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private IEnumerable<string[]> ReadRows()
    {
        for (int file = 0; file < source.Count; file++)
        {
            using var reader = source.OpenTextReader(file);
            bool headerToSkip = hasHeader;
            bool begun = false;
            while (reader.ReadLine() is { } line)
            {
                if (line.Length == 0 || line.StartsWith("//", StringComparison.Ordinal) || (!begun && line[0] == '#'))
                    continue;
                begun = true;
                if (!headerToSkip)
                    yield return line.Split(separator);
                headerToSkip = false;
            }
        }
    }

    private sealed class Cursor(TextView view, bool[] active) : RootCursor(view.Schema, active)
    {
        private readonly IEnumerator<string[]> _rows = view.ReadRows().GetEnumerator();

        protected override bool MoveNextCore() => _rows.MoveNext();

        protected override Delegate CreateGetter(DataViewSchema.Column column)
        {
            var segment = view.Segments[column.Index];
            return RowUtils.Generic<Delegate>(segment.Lim - segment.Min == 1 ? Scalar<int> : Vector<int>, segment.ItemType.RawType, segment);
        }

        protected override void DisposeCore() => _rows.Dispose();

        private ValueGetter<T> Scalar<T>(TextLoader.Segment segment)
        {
            var parse = Parser<T>();
            return (ref T value) => value = Parse(parse, segment.Min);
        }

        private ValueGetter<VBuffer<T>> Vector<T>(TextLoader.Segment segment)
        {
            var parse = Parser<T>();
            return (ref VBuffer<T> value) =>
            {
                var editor = VBufferEditor.Create(ref value, segment.Lim - segment.Min);
                for (int i = 0; i < editor.Values.Length; i++)
                    editor.Values[i] = Parse(parse, segment.Min + i);
                value = editor.Commit();
            };
        }

        private static Func<ReadOnlyMemory<char>, T> Parser<T>()
            => (Func<ReadOnlyMemory<char>, T>)ValueConversion.CreateOrNull(typeof(ReadOnlyMemory<char>), typeof(T));

        /// <summary>A field of the current row; one that is missing or empty has the type's default value.</summary>
        private T Parse<T>(Func<ReadOnlyMemory<char>, T> parse, int field)
        {
            CheckHasRow();
            string[] fields = _rows.Current;
            return field < fields.Length && fields[field].Length > 0 ? parse(fields[field].AsMemory()) : default;
        }
    }
}
