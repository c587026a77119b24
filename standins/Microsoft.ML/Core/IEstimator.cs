using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Something that learns a transformer from data.</summary>
public interface IEstimator<out TTransformer>
    where TTransformer : ITransformer
{
    TTransformer Fit(IDataView input);

    /// <summary>The shape of what the fitted transformer will return; throws where the input does not suit.</summary>
    SchemaShape GetOutputSchema(SchemaShape inputSchema);
}

/// <summary>Something that turns one data view into another, lazily.</summary>
public interface ITransformer : ICanSaveModel
{
    /// <summary>Whether each output row depends on its input row alone; then <see cref="GetRowToRowMapper"/> works.</summary>
    bool IsRowToRowMapper { get; }

    DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

    IDataView Transform(IDataView input);

    IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);
}

/// <summary>Something that reads data views from a source, such as files.</summary>
public interface IDataLoader<in TSource> : ICanSaveModel
{
    IDataView Load(TSource input);

    DataViewSchema GetOutputSchema();
}

/// <summary>Something that can be written into a model file.</summary>
public interface ICanSaveModel
{
    void Save(ModelSaveContext ctx);
}
