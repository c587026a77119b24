using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class DataViewSchema
{
    /// <summary>Named values that describe a column: a one-row table with its own schema.</summary>
    public sealed class Annotations
    {
        private readonly Delegate[] _getters;

        private Annotations(DataViewSchema schema, Delegate[] getters)
        {
            Schema = schema;
            _getters = getters;
        }

        public static Annotations Empty { get; } = new(new DataViewSchema([]), []);

        public DataViewSchema Schema { get; }

        public ValueGetter<TValue> GetGetter<TValue>(Column column)
        {
            if (column.Index >= _getters.Length)
                throw new ArgumentException($"The annotations have no column '{column.Name}' at index {column.Index}.", nameof(column));
            return _getters[column.Index] as ValueGetter<TValue> ?? throw new InvalidOperationException($"Invalid call to '{nameof(GetGetter)}'");
        }

        public void GetValue<TValue>(string kind, ref TValue value)
        {
            var column = Schema.GetColumnOrNull(kind) ?? throw new InvalidOperationException($"Invalid call to '{nameof(GetValue)}'");
            GetGetter<TValue>(column)(ref value);
        }

        public override string ToString() => string.Join(", ", Schema.Select(column => column.Name));

        internal Delegate GetGetterInternal(int index) => _getters[index];

        public sealed class Builder
        {
            private readonly List<(DetachedColumn Column, Delegate Getter)> _items = [];

            /// <summary>Copies the annotations whose names <paramref name="selector"/> accepts.</summary>
            public void Add(Annotations annotations, Func<string, bool> selector)
            {
                if (annotations == null)
                    return;
                ArgumentNullException.ThrowIfNull(selector);
                foreach (var column in annotations.Schema.Where(column => selector(column.Name)))
                    _items.Add((new(column), annotations._getters[column.Index]));
            }

            public void Add<TValue>(string name, DataViewType type, ValueGetter<TValue> getter, Annotations annotations = null)
            {
                CheckNameTypeGetter(name, type, getter);
                CheckRawType<TValue>(type);
                _items.Add((new(name, type, annotations), getter));
            }

            public void Add(string name, DataViewType type, Delegate getter, Annotations annotations = null)
            {
                CheckNameTypeGetter(name, type, getter);
                var expected = typeof(ValueGetter<>).MakeGenericType(type.RawType);
                if (getter.GetType() != expected)
                    throw new ArgumentException($"{nameof(getter)} must be of type '{expected.FullName}'", nameof(getter));
                _items.Add((new(name, type, annotations), getter));
            }

            public void AddPrimitiveValue<TValue>(string name, PrimitiveDataViewType type, TValue value, Annotations annotations = null)
            {
                ValueGetter<TValue> getter = (ref TValue destination) => destination = value;
                CheckNameTypeGetter(name, type, getter);
                CheckRawType<TValue>(type);
                _items.Add((new(name, type, annotations), getter));
            }

            public Annotations ToAnnotations()
            {
                var schema = new DataViewSchema.Builder();
                schema.AddColumns(_items.Select(item => item.Column));
                return new(schema.ToSchema(), _items.Select(item => item.Getter).ToArray());
            }

            private static void CheckNameTypeGetter(string name, DataViewType type, Delegate getter)
            {
                ThrowIfEmpty(name);
                ArgumentNullException.ThrowIfNull(type);
                ArgumentNullException.ThrowIfNull(getter);
            }

            private static void CheckRawType<TValue>(DataViewType type)
            {
                if (type.RawType != typeof(TValue))
                    throw new ArgumentException($"type.RawType must be of type '{typeof(TValue).FullName}'.", nameof(type));
            }
        }
    }
}
