using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// A transformer of ours bound to one input schema: which columns it reads, which it adds, and what it computes for a batch of images.
/// The batching itself is in <see cref="BatchedDataView"/> (rows of a view) and <see cref="BatchedRow"/> (one row, as PredictionEngine wants).
/// </summary>
internal abstract class BatchMapper : IRowToRowMapper
{
    /// <summary>Binds to an input schema.</summary>
    /// <param name="env">Its cancellation is honoured.</param>
    /// <param name="inputSchema">The schema of the rows read.</param>
    /// <param name="network">The network and how images reach it.</param>
    /// <param name="images">The column of images.</param>
    /// <param name="labels">The key column whose classes the computation needs; null for none.</param>
    /// <param name="batchSize">Rows in one computation.</param>
    /// <param name="outputs">The columns added.</param>
    protected BatchMapper(
        IHostEnvironment env, DataViewSchema inputSchema, NetworkHandle network, ImageColumn images, KeyColumn? labels, int batchSize, IReadOnlyList<OutputColumn> outputs)
    {
        Environment = env;
        InputSchema = inputSchema;
        Network = network;
        Images = images;
        Labels = labels;
        BatchSize = batchSize;
        Outputs = outputs;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (OutputColumn output in outputs)
        {
            builder.AddColumn(output.Name, output.Type, output.Annotations);
        }

        OutputSchema = builder.ToSchema();
        Inputs = labels is null ? [inputSchema[images.Index]] : [inputSchema[images.Index], inputSchema[labels.Index]];
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The input columns that the computation reads.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>The columns added; the first has index <c>InputSchema.Count</c> in the output schema.</summary>
    public IReadOnlyList<OutputColumn> Outputs { get; }

    public IHostEnvironment Environment { get; }

    /// <summary>What is done, for the log.</summary>
    public abstract string Name { get; }

    public NetworkHandle Network { get; }

    public ImageColumn Images { get; }

    public KeyColumn? Labels { get; }

    public int BatchSize { get; }

    /// <summary>Computes the columns whose buffer is not null. Runs alone on the network, inside a dispose scope.</summary>
    public abstract void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs);

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var needed = new SortedSet<int>();
        foreach (DataViewSchema.Column column in dependingColumns)
        {
            if (column.Index < InputSchema.Count)
            {
                needed.Add(column.Index);
            }
            else
            {
                needed.UnionWith(Inputs.Select(input => input.Index));
            }
        }

        return needed.Select(index => InputSchema[index]);
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        if (input.Schema != InputSchema)
        {
            throw new ArgumentException("The row has another schema than the one this mapper was made for.", nameof(input));
        }

        return new BatchedRow(this, input, ActiveColumns(activeColumns));
    }

    /// <summary>One flag for each column of the output schema.</summary>
    public bool[] ActiveColumns(IEnumerable<DataViewSchema.Column> columns) => SchemaColumns.Active(OutputSchema, columns);

    /// <summary>Whether one of the added columns is active.</summary>
    public bool AnyOutputActive(bool[] active) => active.AsSpan(InputSchema.Count).Contains(true);
}
