using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Fills the members of row objects from the columns of a schema.</summary>
internal sealed class RowWriter<TRow>
    where TRow : class
{
    private readonly List<(RowMember Member, DataViewSchema.Column Column)> _bound = [];

    public RowWriter(IExceptionContext ectx, DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        var rowSchema = RowSchema.Create(typeof(TRow), definition, SchemaDefinition.Direction.Write);
        foreach (var (member, defined) in rowSchema.Members.Zip(rowSchema.Columns))
        {
            if (schema.GetColumnOrNull(defined.Name) is not { } column)
            {
                if (ignoreMissingColumns)
                    continue;
                throw ectx.ExceptSchemaMismatch("Schema", "", defined.Name);
            }

            bool compatible = column.Type is VectorDataViewType == member.IsVector && column.Type.GetItemType().RawType == member.RawItemType;
            if (!compatible)
            {
                throw ectx.Except($"Can't bind the IDataView column '{column.Name}' of type '{column.Type}' " +
                    $"to field or property '{member.Name}' of type '{member.MemberType.FullName}'.");
            }

            _bound.Add((member, column));
        }
    }

    public IEnumerable<DataViewSchema.Column> Columns => _bound.Select(bound => bound.Column);

    /// <summary>An action that fills a row object from the row's present values.</summary>
    public Action<TRow> Bind(DataViewRow source)
    {
        var setters = _bound.Select(bound => CreateSetter(source, bound.Member, bound.Column)).ToArray();
        return target =>
        {
            foreach (var setter in setters)
                setter(target);
        };
    }

    private static Action<TRow> CreateSetter(DataViewRow source, RowMember member, DataViewSchema.Column column)
    {
        if (member.MemberType == typeof(string))
            return Text(source, member, column);
        if (member.MemberType == typeof(string[]))
            return TextArray(source, member, column);
        if (member.MemberType.IsArray)
            return RowUtils.Generic<Action<TRow>>(SameArray<int>, member.ElementType, source, member, column);
        if (member.IsVector)
            return RowUtils.Generic<Action<TRow>>(Buffer<int>, member.ElementType, source, member, column);
        return RowUtils.Generic<Action<TRow>>(Value<int>, member.MemberType, source, member, column);
    }

    private static Action<TRow> Text(DataViewRow source, RowMember member, DataViewSchema.Column column)
    {
        var getter = source.GetGetter<ReadOnlyMemory<char>>(column);
        var write = member.Writer<TRow, string>();
        ReadOnlyMemory<char> value = default;
        return target =>
        {
            getter(ref value);
            write(target, value.ToString());
        };
    }

    private static Action<TRow> Value<T>(DataViewRow source, RowMember member, DataViewSchema.Column column)
    {
        var getter = source.GetGetter<T>(column);
        var write = member.Writer<TRow, T>();
        T value = default;
        return target =>
        {
            getter(ref value);
            write(target, value);
        };
    }

    private static Action<TRow> SameArray<T>(DataViewRow source, RowMember member, DataViewSchema.Column column)
        => Array<T, T>(source, member, column, (value, array) => value.CopyTo(array));

    private static Action<TRow> TextArray(DataViewRow source, RowMember member, DataViewSchema.Column column)
        => Array<ReadOnlyMemory<char>, string>(source, member, column, (value, array) =>
        {
            foreach (var (slot, text) in value.Items(all: true))
                array[slot] = text.ToString();
        });

    /// <summary>The row object's own array is filled where it has the right length; otherwise it gets a new one.</summary>
    private static Action<TRow> Array<TSource, TItem>(
        DataViewRow source, RowMember member, DataViewSchema.Column column, Action<VBuffer<TSource>, TItem[]> fill)
    {
        var getter = source.GetGetter<VBuffer<TSource>>(column);
        var read = member.Reader<TRow, TItem[]>();
        var write = member.Writer<TRow, TItem[]>();
        VBuffer<TSource> value = default;
        return target =>
        {
            getter(ref value);
            var array = read(target);
            if (array?.Length != value.Length)
                array = new TItem[value.Length];
            fill(value, array);
            write(target, array);
        };
    }

    /// <summary>The row object's own buffer is reused.</summary>
    private static Action<TRow> Buffer<T>(DataViewRow source, RowMember member, DataViewSchema.Column column)
    {
        var getter = source.GetGetter<VBuffer<T>>(column);
        var read = member.Reader<TRow, VBuffer<T>>();
        var write = member.Writer<TRow, VBuffer<T>>();
        return target =>
        {
            var value = read(target);
            getter(ref value);
            write(target, value);
        };
    }
}
