using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet;

/// <summary>What the transformers of this library have in common: they add columns to rows of images, lazily and in batches.</summary>
public abstract class BatchTransformer : ITransformer
{
    private protected BatchTransformer(IHostEnvironment environment) => Environment = environment;

    /// <summary>True: PredictionEngine can run it.</summary>
    public bool IsRowToRowMapper => true;

    private protected IHostEnvironment Environment { get; }

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetRowToRowMapper(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <remarks>Nothing is computed until a value of a new column is asked for; then a whole batch is.</remarks>
    public IDataView Transform(IDataView input) => new BatchedDataView(Bind(Require.NotNull(input, nameof(input)).Schema), input);

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => Bind(Require.NotNull(inputSchema, nameof(inputSchema)));

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    private protected abstract void Save(ModelSaveContext context);

    private protected abstract BatchMapper Bind(DataViewSchema schema);
}
