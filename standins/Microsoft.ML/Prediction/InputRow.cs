using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A row whose values are the members of one object at a time; all its columns are active.</summary>
internal sealed class InputRow<TRow> : DataViewRow
    where TRow : class
{
    private readonly IHostEnvironment _env;
    private readonly RowSchema _rowSchema;
    private TRow _value;
    private long _position = -1;

    internal InputRow(IHostEnvironment env, SchemaDefinition definition)
    {
        _env = env;
        _rowSchema = RowSchema.Create(typeof(TRow), definition, SchemaDefinition.Direction.Read);
        Schema = SchemaExtensions.MakeSchema(_rowSchema.Columns);
    }

    public override long Position => _position;

    public override long Batch => 0;

    public override DataViewSchema Schema { get; }

    /// <summary>Makes an object the current one.</summary>
    internal void MoveTo(TRow value)
    {
        _value = value;
        _position++;
    }

    public override bool IsColumnActive(DataViewSchema.Column column)
    {
        _env.CheckParam(column.Index < Schema.Count, nameof(column));
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        _env.CheckParam(column.Index < Schema.Count, nameof(column));
        return RowUtils.Cast<TValue>(RowReader<TRow>.CreateGetter(_rowSchema.Members[column.Index], column.Type, Current), column);
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new((ulong)_position, 0);

    private TRow Current()
    {
        _env.Check(_position >= 0, RowUtils.NoCurrentRow);
        return _value;
    }
}
