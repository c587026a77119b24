using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>
/// Rows 0, 1, 2, … that know on which threads they are read. The column Number is the row's index and carries two annotations: Network, of a type
/// that only this class knows, and Size. The column Image holds no image.
/// </summary>
internal sealed class ProbeView : IDataView
{
    private readonly int rows;
    private readonly int throwsAt;

    public ProbeView(int rows, int throwsAt = -1)
    {
        (this.rows, this.throwsAt) = (rows, throwsAt);
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add("Network", new HandleType(), (ref Handle value) => value = new Handle(7));
        annotations.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28);
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("Number", NumberDataViewType.Single, annotations.ToAnnotations());
        schema.AddColumn("Image", new ImageDataViewType(2, 2));
        Schema = schema.ToSchema();
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    /// <summary>How often each thread read a number.</summary>
    public ConcurrentDictionary<int, int> Reads { get; } = new();

    public long? GetRowCount() => rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        => new Cursor(this, [.. columnsNeeded.Select(column => column.Name)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    internal sealed record Handle(int Id);

    private sealed class HandleType() : StructuredDataViewType(typeof(Handle))
    {
        public override bool Equals(DataViewType? other) => other is HandleType;
    }

    private sealed class Cursor(ProbeView view, string[] active) : DataViewRowCursor
    {
        private long position = -1;

        public override long Position => position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        public override bool MoveNext() => ++position < view.rows;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Name);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            => (ValueGetter<TValue>)(column.Name == "Number" ? (ValueGetter<float>)Read : (Delegate)(ValueGetter<MLImage>)ReadNothing);

        private static void ReadNothing(ref MLImage image) => image = null!;

        private void Read(ref float number)
        {
            view.Reads.AddOrUpdate(Environment.CurrentManagedThreadId, 1, (_, count) => count + 1);
            number = position == view.throwsAt ? throw new InvalidDataException($"row {position} is broken") : position;
        }
    }
}
