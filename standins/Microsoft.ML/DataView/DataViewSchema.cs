using System.Collections;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>The columns of a data view. Of columns with equal names the last one is visible, the others are hidden.</summary>
public sealed partial class DataViewSchema : IReadOnlyList<DataViewSchema.Column>
{
    private readonly Column[] _columns;
    private readonly Dictionary<string, int> _indexByName = [];

    private DataViewSchema(Column[] columns)
    {
        _columns = columns;
        foreach (var column in columns)
            _indexByName[column.Name] = column.Index;
    }

    public int Count => _columns.Length;

    public Column this[string name]
    {
        get
        {
            ThrowIfEmpty(name);
            return _indexByName.TryGetValue(name, out int index)
                ? _columns[index]
                : throw new ArgumentOutOfRangeException(nameof(name), $"Column '{name}' not found");
        }
    }

    public Column this[int columnIndex]
        => (uint)columnIndex < (uint)_columns.Length ? _columns[columnIndex] : throw new ArgumentOutOfRangeException(nameof(columnIndex));

    public Column? GetColumnOrNull(string name)
    {
        ThrowIfEmpty(name);
        return _indexByName.TryGetValue(name, out int index) ? _columns[index] : null;
    }

    public IEnumerator<Column> GetEnumerator() => ((IEnumerable<Column>)_columns).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{Count} columns";

    private static void ThrowIfEmpty(string name)
    {
        if (string.IsNullOrEmpty(name))
            throw new ArgumentNullException(nameof(name));
    }

    /// <summary>A column of a schema.</summary>
    public struct Column
    {
        internal Column(string name, int index, bool isHidden, DataViewType type, Annotations annotations)
        {
            Name = name;
            Index = index;
            IsHidden = isHidden;
            Type = type;
            Annotations = annotations ?? Annotations.Empty;
        }

        public string Name { get; }

        public int Index { get; }

        /// <summary>Whether a later column has the same name.</summary>
        public bool IsHidden { get; }

        public DataViewType Type { get; }

        public Annotations Annotations { get; }

        public override string ToString()
            => Annotations is { Schema.Count: > 0 } ? $"{Name}: {Type} {{{Annotations}}}" : $"{Name}: {Type}";
    }

    /// <summary>A column that belongs to no schema yet.</summary>
    public struct DetachedColumn
    {
        public DetachedColumn(string name, DataViewType type, Annotations annotations = null)
        {
            ThrowIfEmpty(name);
            Name = name;
            Type = type ?? throw new ArgumentNullException(nameof(type));
            Annotations = annotations ?? Annotations.Empty;
        }

        public DetachedColumn(Column column)
        {
            Name = column.Name;
            Type = column.Type;
            Annotations = column.Annotations;
        }

        public string Name { get; }

        public DataViewType Type { get; }

        public Annotations Annotations { get; }
    }

    public sealed class Builder
    {
        private readonly List<DetachedColumn> _items = [];

        public void AddColumn(string name, DataViewType type, Annotations annotations = null) => _items.Add(new(name, type, annotations));

        public void AddColumns(IEnumerable<Column> source)
        {
            foreach (var column in source)
                _items.Add(new(column));
        }

        public void AddColumns(IEnumerable<DetachedColumn> source)
        {
            foreach (var column in source)
                AddColumn(column.Name, column.Type, column.Annotations);
        }

        public DataViewSchema ToSchema()
        {
            var last = new Dictionary<string, int>();
            for (int i = 0; i < _items.Count; i++)
                last[_items[i].Name] = i;
            return new(_items.Select((item, i) => new Column(item.Name, i, last[item.Name] != i, item.Type, item.Annotations)).ToArray());
        }
    }
}
