namespace Microsoft.ML.Data;

/// <summary>The type of a column. Types are compared with <see cref="Equals(DataViewType)"/>.</summary>
public abstract class DataViewType : IEquatable<DataViewType>
{
    private protected DataViewType(Type rawType) => RawType = rawType ?? throw new ArgumentNullException(nameof(rawType));

    /// <summary>The .NET type that carries a value of this type.</summary>
    public Type RawType { get; }

    public abstract bool Equals(DataViewType other);
}

/// <summary>A type whose values may own buffers or other resources (vectors, images, handles).</summary>
public abstract class StructuredDataViewType : DataViewType
{
    protected StructuredDataViewType(Type rawType)
        : base(rawType)
    {
    }
}

/// <summary>A type whose values copy by assignment.</summary>
public abstract class PrimitiveDataViewType : DataViewType
{
    protected PrimitiveDataViewType(Type rawType)
        : base(rawType)
    {
        if (typeof(IDisposable).IsAssignableFrom(rawType))
            throw new ArgumentException($"A {nameof(PrimitiveDataViewType)} cannot have a disposable {nameof(RawType)}", nameof(rawType));
    }
}
