using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>The values that have keys, in the order of their keys.</summary>
internal abstract class KeyVocabulary
{
    private protected const byte AsText = 0;
    private protected const byte AsCodec = 1;

    protected KeyVocabulary(PrimitiveDataViewType itemType) => ItemType = itemType;

    public PrimitiveDataViewType ItemType { get; }

    public abstract int Count { get; }

    /// <summary>The type of the keys; an empty vocabulary counts as one key, which no value has.</summary>
    public KeyDataViewType KeyType => new(typeof(uint), Math.Max(1, Count));

    public static KeyVocabulary Create(PrimitiveDataViewType itemType)
        => (KeyVocabulary)Activator.CreateInstance(typeof(KeyVocabulary<>).MakeGenericType(itemType.RawType), itemType);

    public static KeyVocabulary Load(ModelLoadContext ctx)
    {
        byte kind = ctx.Reader.ReadByte();
        Contracts.CheckDecode(kind is AsText or AsCodec, $"Corrupt model file: vocabulary of kind {kind}");
        var codec = kind == AsCodec ? IdvCodec.ReadDefinition(ctx.Reader) : IdvCodec.CreateOrNull(TextDataViewType.Instance);
        if (codec.Type is not PrimitiveDataViewType itemType)
            throw Contracts.ExceptDecode($"Corrupt model file: vocabulary of {codec.Type}");
        var vocabulary = Create(itemType);
        vocabulary.LoadValues(ctx, codec, kind);
        return vocabulary;
    }

    public abstract void Save(ModelSaveContext ctx);

    /// <summary>An action that adds the present row's value, or values, and says whether there is room for more.</summary>
    public abstract Func<bool> Collector(DataViewRow row, DataViewSchema.Column column, int maximum);

    public abstract void Complete(ValueToKeyMappingEstimator.KeyOrdinality ordinality);

    /// <summary>A getter of keys over a column of values.</summary>
    public abstract Delegate MakeGetter(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Adds the values as the annotation KeyValues; where the input itself is a key with values, its values.</summary>
    public abstract void AddKeyValues(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input, bool asText);

    private protected abstract void LoadValues(ModelLoadContext ctx, IdvCodec codec, byte kind);
}

internal sealed class KeyVocabulary<T> : KeyVocabulary
{
    private readonly List<T> _values = [];
    private readonly Dictionary<T, uint> _keys;

    public KeyVocabulary(PrimitiveDataViewType itemType)
        : base(itemType)
        => _keys = new(typeof(T) == typeof(ReadOnlyMemory<char>) ? (IEqualityComparer<T>)(object)TextComparer.Instance : EqualityComparer<T>.Default);

    public override int Count => _values.Count;

    public override Func<bool> Collector(DataViewRow row, DataViewSchema.Column column, int maximum)
    {
        if (column.Type is VectorDataViewType)
        {
            var vectorGetter = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> vector = default;
            return () =>
            {
                vectorGetter(ref vector);
                return vector.Items(all: true).All(item => TryAdd(item.Value, maximum));
            };
        }

        var getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return TryAdd(value, maximum);
        };
    }

    public override void Complete(ValueToKeyMappingEstimator.KeyOrdinality ordinality)
    {
        if (ordinality != ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            return;
        _values.Sort(typeof(T) == typeof(ReadOnlyMemory<char>) ? (IComparer<T>)(object)TextComparer.Instance : Comparer<T>.Default);
        _keys.Clear();
        foreach (var value in _values)
            _keys.Add(value, (uint)_keys.Count + 1);
    }

    public override Delegate MakeGetter(DataViewRow row, DataViewSchema.Column column)
        => column.Type is VectorDataViewType ? VectorGetter(row, column) : ScalarGetter(row, column);

    public override void AddKeyValues(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input, bool asText)
    {
        if (Count == 0)
            return;
        if (ItemType is KeyDataViewType key && input.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues) is { } source
            && source.Type is VectorDataViewType sourceValues && (ulong)sourceValues.Size == key.Count)
        {
            var item = asText ? TextDataViewType.Instance : sourceValues.ItemType;
            var getter = RowUtils.Generic<Delegate>(HandOn<int>, sourceValues.ItemType.RawType, this, input, asText);
            builder.Add(AnnotationUtils.Kinds.KeyValues, new VectorDataViewType(item, Count), getter);
        }
        else if (asText && ItemType is not TextDataViewType)
        {
            builder.Add(AnnotationUtils.Kinds.KeyValues, AnnotationUtils.GetNamesType(Count), Constant(_values.Select(KeyText.Of).ToArray()));
        }
        else
        {
            builder.Add(AnnotationUtils.Kinds.KeyValues, new VectorDataViewType(ItemType, Count), Constant(_values.ToArray()));
        }
    }

    public override void Save(ModelSaveContext ctx)
    {
        if (_values is List<ReadOnlyMemory<char>> texts)
        {
            ctx.Writer.Write(AsText);
            ctx.Writer.Write(Count);
            foreach (var text in texts)
                ctx.SaveNonEmptyString(text.ToString());
            return;
        }

        var codec = IdvCodec.CreateOrNull(ItemType) ?? throw Contracts.Except($"We do not know how to serialize terms of type '{ItemType}'");
        ctx.Writer.Write(AsCodec);
        codec.WriteDefinition(ctx.Writer);
        ctx.Writer.Write(Count);
        codec.WriteBlock(ctx.Writer, _values.ToArray(), Count);
    }

    private protected override void LoadValues(ModelLoadContext ctx, IdvCodec codec, byte kind)
    {
        int count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count >= 0, $"Corrupt model file: {count} keys");
        IEnumerable<T> values = kind == AsCodec
            ? (T[])codec.ReadBlock(ctx.Reader, count)
            : (IEnumerable<T>)Enumerable.Range(0, count).Select(_ => ctx.LoadNonEmptyString().AsMemory());
        foreach (var value in values)
            Contracts.CheckDecode(TryAdd(value, int.MaxValue) && Count == _keys.Count, "Corrupt model file: a key's value is missing");
        Contracts.CheckDecode(Count == count, "Corrupt model file: a value has two keys");
    }

    private static Delegate Constant<TItem>(TItem[] values)
        => (ValueGetter<VBuffer<TItem>>)((ref VBuffer<TItem> destination) => VBuffer<TItem>.Copy(values, 0, ref destination, values.Length));

    private static Delegate HandOn<TValue>(KeyVocabulary<T> vocabulary, DataViewSchema.Column input, bool asText)
    {
        VBuffer<TValue> all = default;
        input.GetKeyValues(ref all);
        var values = vocabulary._values.Select(key => all.GetItemOrDefault((int)Convert.ToUInt64(key) - 1)).ToArray();
        return asText ? Constant(values.Select(KeyText.Of).ToArray()) : Constant(values);
    }

    private bool TryAdd(T value, int maximum)
    {
        if (!KeyText.IsMissing(value, ItemType) && _keys.TryAdd(Keep(value), (uint)Count + 1))
            _values.Add(Keep(value));
        return Count < maximum;
    }

    /// <summary>Text is a slice of somebody's buffer: keep a copy.</summary>
    private static T Keep(T value) => value is ReadOnlyMemory<char> text ? (T)(object)text.ToString().AsMemory() : value;

    private Delegate ScalarGetter(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return (ValueGetter<uint>)((ref uint key) =>
        {
            getter(ref value);
            key = _keys.GetValueOrDefault(value);
        });
    }

    private Delegate VectorGetter(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> keys) =>
        {
            getter(ref values);
            var editor = VBufferEditor.Create(ref keys, values.Length);
            foreach (var (slot, value) in values.Items(all: true))
                editor.Values[slot] = _keys.GetValueOrDefault(value);
            keys = editor.Commit();
        });
    }
}

/// <summary>Text by its characters.</summary>
internal sealed class TextComparer : IEqualityComparer<ReadOnlyMemory<char>>, IComparer<ReadOnlyMemory<char>>
{
    public static TextComparer Instance { get; } = new();

    public bool Equals(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceEqual(y.Span);

    public int GetHashCode(ReadOnlyMemory<char> text) => string.GetHashCode(text.Span);

    public int Compare(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceCompareTo(y.Span);
}

internal static class KeyText
{
    /// <summary>Values that never get a key: empty text, NaN, the missing key.</summary>
    public static bool IsMissing<T>(T value, DataViewType type)
        => value is ReadOnlyMemory<char> { IsEmpty: true } or float.NaN or double.NaN
            || (type is KeyDataViewType && EqualityComparer<T>.Default.Equals(value, default));

    public static ReadOnlyMemory<char> Of<T>(T value) => value switch
    {
        float number => number.ToString("R").AsMemory(),
        double number => number.ToString("G17").AsMemory(),
        bool flag => (flag ? "1" : "0").AsMemory(),
        _ => value.ToString().AsMemory(),
    };
}
