using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Turns a .NET value that a user gives for an annotation into a getter.</summary>
internal static class AnnotationValue
{
    public static Delegate Getter<T>(T value, DataViewType type)
    {
        var vector = type as VectorDataViewType;
        var element = typeof(T).IsArray ? typeof(T).GetElementType()
            : vector != null && typeof(T).IsGenericType ? typeof(T).GetGenericArguments()[0] : typeof(T);
        bool isVector = element != typeof(T);
        Contracts.Check(isVector == (vector != null), $"The annotation's value is a {(isVector ? "vector" : "scalar")}, its type '{type}' is not.");
        var raw = element == typeof(string) ? typeof(ReadOnlyMemory<char>) : element;
        Contracts.Check(raw == type.GetItemType().RawType, $"The annotation's value has items of type {raw}, its type says {type.GetItemType().RawType}.");
        return value switch
        {
            string text => Constant(text.AsMemory()),
            string[] texts => Vector(texts.Select(text => text.AsMemory()).ToArray()),
            Array => RowUtils.Generic<Delegate>(Vector<int>, element, value),
            _ when isVector => RowUtils.Generic<Delegate>(Buffer<int>, element, value),
            _ => Constant(value),
        };
    }

    private static Delegate Constant<T>(T value) => (ValueGetter<T>)((ref T destination) => destination = value);

    private static Delegate Vector<TItem>(TItem[] values) => Buffer(new VBuffer<TItem>(values.Length, values));

    private static Delegate Buffer<TItem>(VBuffer<TItem> buffer)
        => (ValueGetter<VBuffer<TItem>>)((ref VBuffer<TItem> destination) => buffer.CopyTo(ref destination));
}
