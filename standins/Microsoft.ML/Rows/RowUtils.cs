using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What all rows and cursors need: columns by activity, getters by run-time type.</summary>
internal static class RowUtils
{
    public const string NoCurrentRow = "Values cannot be fetched at this time. This method was called either before the first call to " +
        "MoveNext, or at any point after that method returned false.";

    /// <summary>Which columns of the schema are asked for.</summary>
    public static bool[] ActiveColumns(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        Contracts.CheckValue(columnsNeeded, nameof(columnsNeeded));
        bool[] active = new bool[schema.Count];
        foreach (var column in columnsNeeded)
        {
            Contracts.Check(column.Index < active.Length, $"The requested column: {column} is not part of the schema");
            active[column.Index] = true;
        }

        return active;
    }

    /// <summary>The getter of a column whose type is only known at run time.</summary>
    public static Delegate GetGetter(this DataViewRow row, DataViewSchema.Column column)
        => Generic<Delegate>(GetTypedGetter<int>, column.Type.RawType, row, column);

    /// <summary>Calls <paramref name="method"/>, a generic static method, with <paramref name="type"/> in place of its type argument.</summary>
    public static TResult Generic<TResult>(Delegate method, Type type, params object[] arguments) => Generic<TResult>(method, [type], arguments);

    public static TResult Generic<TResult>(Delegate method, Type[] types, object[] arguments)
    {
        var typed = method.Method.GetGenericMethodDefinition().MakeGenericMethod(types);
        return (TResult)typed.Invoke(method.Target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    /// <summary>A getter as the caller wants it typed, or an error that names the types.</summary>
    public static ValueGetter<TValue> Cast<TValue>(Delegate getter, DataViewSchema.Column column)
        => getter as ValueGetter<TValue> ?? throw Contracts.Except($"Invalid TValue in GetGetter for column '{column.Name}': " +
            $"'{typeof(TValue)}', expected type: '{column.Type.RawType}'.");

    /// <summary>Whether values of the type can be handed to another thread and kept: primitive values and vectors, but not images or handles.</summary>
    public static bool IsCacheable(this DataViewType type) => type is PrimitiveDataViewType or VectorDataViewType;

    public static Exception Inactive(DataViewSchema.Column column)
        => Contracts.ExceptParam(nameof(column), $"requested column '{column.Name}' not active");

    private static Delegate GetTypedGetter<TValue>(DataViewRow row, DataViewSchema.Column column) => row.GetGetter<TValue>(column);
}
