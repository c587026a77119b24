using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// A transformer of ours bound to one input schema: which columns it reads, which it adds, and how a batch of images fills them.
/// The batching itself is in <see cref="BatchedDataView"/> (rows of a view) and <see cref="BatchedRow"/> (one row, as PredictionEngine wants).
/// </summary>
internal sealed class BatchMapper : IRowToRowMapper
{
    private readonly ColumnList columns;

    /// <summary>Binds to an input schema.</summary>
    /// <param name="env">Its cancellation is honoured.</param>
    /// <param name="name">What is done, for the log.</param>
    /// <param name="schema">The schema of the rows read.</param>
    /// <param name="network">The network and how images reach it.</param>
    /// <param name="columns">The columns added.</param>
    /// <param name="imageColumnName">The column of images; null for the one that the network was trained on.</param>
    /// <param name="labelColumnName">A key column with the network's classes that the computation needs; null for none.</param>
    /// <param name="batchSize">Rows in one computation; null for the model's.</param>
    public BatchMapper(
        IHostEnvironment env,
        string name,
        DataViewSchema schema,
        NetworkHandle network,
        ColumnList columns,
        string? imageColumnName = null,
        string? labelColumnName = null,
        int? batchSize = null)
    {
        this.columns = columns;
        Environment = env;
        Name = name;
        InputSchema = schema;
        Network = network;
        ImageInput input = network.Images;
        Images = ImageColumn.Bind(schema, imageColumnName ?? input.ColumnName, network.Input, input.PixelScale, input.Resize);
        Scale = new ScaleWarning(env, name, Images);
        Labels = labelColumnName is null ? null : network.BindLabels(schema, labelColumnName);
        BatchSize = batchSize ?? network.BatchSize;
        Outputs = columns.Bind(schema, network);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(schema);
        foreach (OutputColumn output in Outputs)
        {
            builder.AddColumn(output.Name, output.Type, output.Annotations);
        }

        OutputSchema = builder.ToSchema();
        Inputs = Labels is null ? [schema[Images.Index]] : [schema[Images.Index], schema[Labels.Index]];
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The input columns that the computation reads.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>The columns added; the first has index <c>InputSchema.Count</c> in the output schema.</summary>
    public IReadOnlyList<OutputColumn> Outputs { get; }

    public IHostEnvironment Environment { get; }

    /// <summary>What is done, for the log.</summary>
    public string Name { get; }

    public NetworkHandle Network { get; }

    public ImageColumn Images { get; }

    /// <summary>Warns of images of another scale than the network's.</summary>
    public ScaleWarning Scale { get; }

    public KeyColumn? Labels { get; }

    public int BatchSize { get; }

    /// <summary>Computes the columns whose buffer is not null. Runs alone on the network, inside a dispose scope.</summary>
    public void Compute(BatchInput input, OutputBuffer?[] outputs) => columns.Fill(input, outputs);

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        bool[] active = ActiveColumns(dependingColumns);
        bool[] passed = ReadInRow(active);
        bool computed = AnyOutputActive(active);
        return InputSchema.Where(column => passed[column.Index] || (computed && Inputs.Any(input => input.Index == column.Index)));
    }

    /// <summary>One flag for each column of the input: whether it is active, or an active column reads it in the row itself.</summary>
    public bool[] ReadInRow(bool[] active)
    {
        bool[] read = active[..InputSchema.Count];
        for (int i = 0; i < Outputs.Count; i++)
        {
            if (active[InputSchema.Count + i] && Outputs[i].Source is { } source)
            {
                read[source.Index] = true;
            }
        }

        return read;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        return input.Schema == InputSchema
            ? new BatchedRow(this, input, ActiveColumns(activeColumns))
            : throw new ArgumentException("The row has another schema than the one this mapper was made for.", nameof(input));
    }

    /// <summary>One flag for each column of the output schema.</summary>
    public bool[] ActiveColumns(IEnumerable<DataViewSchema.Column> columns) => SchemaColumns.Active(OutputSchema, columns);

    /// <summary>Whether one of the added columns is active.</summary>
    public bool AnyOutputActive(bool[] active) => active.AsSpan(InputSchema.Count).Contains(true);

    /// <summary>A getter of an active column, of the input or added.</summary>
    /// <param name="input">The input's row or cursor.</param>
    /// <param name="computation">The computation of the added columns; null where none is active.</param>
    /// <param name="active">One flag for each column of the output schema.</param>
    /// <param name="column">A column of the output schema.</param>
    /// <param name="row">The current row's place in the batch.</param>
    public ValueGetter<TValue> GetGetter<TValue>(
        DataViewRow input, BatchComputation? computation, bool[] active, DataViewSchema.Column column, Func<int> row)
    {
        if (column.Index >= active.Length || !active[column.Index])
        {
            throw new ArgumentException($"Column '{column.Name}' is not active in this cursor.", nameof(column));
        }

        if (column.Index < InputSchema.Count)
        {
            return input.GetGetter<TValue>(InputSchema[column.Index]);
        }

        return computation!.CreateGetter(column.Index - InputSchema.Count, row, input) as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' holds {OutputSchema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
    }
}
