using System.Collections.Immutable;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A vector of primitive items, with one or more dimensions; a size of 0 means that rows may differ in length.</summary>
public sealed class VectorDataViewType : StructuredDataViewType
{
    public VectorDataViewType(PrimitiveDataViewType itemType, int size = 0)
        : base(BufferType(itemType))
    {
        Contracts.CheckParam(size >= 0, nameof(size));
        ItemType = itemType;
        Size = size;
        Dimensions = [size];
    }

    public VectorDataViewType(PrimitiveDataViewType itemType, params int[] dimensions)
        : this(itemType, dimensions?.ToImmutableArray() ?? [])
    {
    }

    public VectorDataViewType(PrimitiveDataViewType itemType, ImmutableArray<int> dimensions)
        : base(BufferType(itemType))
    {
        Contracts.CheckParam(dimensions.Length > 0, nameof(dimensions));
        Contracts.CheckParam(dimensions.All(size => size >= 0), nameof(dimensions));
        ItemType = itemType;
        Dimensions = dimensions;
        Size = dimensions.Aggregate(1, (size, next) => checked(size * next));
    }

    /// <summary>The sizes of the axes, outermost first; 0 is a size that varies.</summary>
    public ImmutableArray<int> Dimensions { get; }

    public bool IsKnownSize => Size > 0;

    public PrimitiveDataViewType ItemType { get; }

    /// <summary>The product of <see cref="Dimensions"/>.</summary>
    public int Size { get; }

    public override bool Equals(DataViewType other)
        => other == this
            || (other is VectorDataViewType vector && ItemType.Equals(vector.ItemType) && Dimensions.SequenceEqual(vector.Dimensions));

    public override bool Equals(object other) => other is DataViewType type && Equals(type);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(ItemType);
        foreach (int size in Dimensions)
            hash.Add(size);
        return hash.ToHashCode();
    }

    public override string ToString()
    {
        string sizes = Dimensions.Length == 1
            ? (Size > 0 ? $", {Size}" : "")
            : string.Concat(Dimensions.Select(size => size > 0 ? $", {size}" : ", *"));
        return $"Vector<{ItemType}{sizes}>";
    }

    private static Type BufferType(PrimitiveDataViewType itemType)
    {
        Contracts.CheckValue(itemType, nameof(itemType));
        return typeof(VBuffer<>).MakeGenericType(itemType.RawType);
    }
}
