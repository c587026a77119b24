namespace Microsoft.ML.Data;

/// <summary>Consecutive rows on their way to another thread, column by column; or the exception that ended them.</summary>
internal sealed record RowBatch(long Id, int Count, Array[] Columns, Exception Error);

/// <summary>One column on its way to another thread.</summary>
internal abstract class BatchColumn
{
    public static BatchColumn Create(DataViewType type)
    {
        var kind = type is VectorDataViewType vector ? typeof(VectorBatchColumn<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(ValueBatchColumn<>).MakeGenericType(type.RawType);
        return (BatchColumn)Activator.CreateInstance(kind);
    }

    /// <summary>A writer that reads values with <paramref name="getter"/>.</summary>
    public abstract Writer StartWriting(Delegate getter);

    /// <summary>A getter of the value in the present slot of the present values, which must have come from a writer.</summary>
    public abstract Delegate CreateGetter(Func<Array> values, Func<int> slot);

    internal abstract class Writer
    {
        /// <summary>Computes the current row's value into a slot.</summary>
        public abstract void Write(int slot);

        /// <summary>The values by slot; a write may replace the array.</summary>
        public abstract Array Values { get; }

        /// <summary>The values written since the last call.</summary>
        public abstract Array Take();
    }
}

internal class ValueBatchColumn<T> : BatchColumn
{
    public override Writer StartWriting(Delegate getter) => new TypedWriter((ValueGetter<T>)getter);

    public override Delegate CreateGetter(Func<Array> values, Func<int> slot)
        => (ValueGetter<T>)((ref T value) => Copy(in ((T[])values())[slot()], ref value));

    protected virtual void Copy(in T source, ref T destination) => destination = source;

    private sealed class TypedWriter(ValueGetter<T> getter) : Writer
    {
        private T[] _values = [];

        public override Array Values => _values;

        public override void Write(int slot)
        {
            if (slot >= _values.Length)
                Array.Resize(ref _values, Math.Max(2 * slot, 8));
            getter(ref _values[slot]);
        }

        public override Array Take()
        {
            var values = _values;
            _values = [];
            return values;
        }
    }
}

internal sealed class VectorBatchColumn<TItem> : ValueBatchColumn<VBuffer<TItem>>
{
    protected override void Copy(in VBuffer<TItem> source, ref VBuffer<TItem> destination) => source.CopyTo(ref destination);
}
