using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A column that a <see cref="BatchMapper"/> adds.</summary>
/// <param name="name">The column's name.</param>
/// <param name="type">Its type.</param>
/// <param name="annotations">Its annotations, null for none.</param>
internal abstract class OutputColumn(string name, DataViewType type, DataViewSchema.Annotations? annotations)
{
    public string Name { get; } = name;

    public DataViewType Type { get; } = type;

    public DataViewSchema.Annotations? Annotations { get; } = annotations;

    /// <summary>Room for the column's values of <paramref name="capacity"/> rows.</summary>
    public abstract OutputBuffer CreateBuffer(int capacity);
}

/// <summary>A column of one value in each row.</summary>
internal sealed class ScalarColumn<T>(string name, DataViewType type, DataViewSchema.Annotations? annotations = null) : OutputColumn(name, type, annotations)
{
    public override OutputBuffer CreateBuffer(int capacity) => new ScalarBuffer<T>(capacity);
}

/// <summary>A column of float vectors with the dimensions given.</summary>
internal sealed class VectorColumn(string name, int[] dimensions, DataViewSchema.Annotations? annotations = null)
    : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single, dimensions), annotations)
{
    public override OutputBuffer CreateBuffer(int capacity) => new VectorBuffer(capacity, ((VectorDataViewType)Type).Size);
}
