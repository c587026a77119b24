using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;

namespace RobustAttribution.MLNet;

/// <summary>What the transformers that use another one's network share: they find it in the Score column of the schema they are bound to.</summary>
/// <typeparam name="TOptions">Their options, all that is saved.</typeparam>
public abstract class NetworkTransformer<TOptions> : BatchTransformer
    where TOptions : NetworkOptions
{
    private readonly string verb;
    private readonly ModelFormat format;

    private protected NetworkTransformer(IHostEnvironment environment, TOptions options, string verb, ModelFormat format)
        : base(environment)
    {
        Options = options;
        this.verb = verb;
        this.format = format;
    }

    private protected TOptions Options { get; }

    /// <summary>The columns added.</summary>
    private protected abstract ColumnList Columns { get; }

    /// <summary>A key column with the network's classes that the computation reads, and the option that names it; null for none.</summary>
    private protected virtual (string Option, string? Column) Label => default;

    /// <summary>A column that is read in the row itself, and the option that names it; null for none.</summary>
    private protected virtual (string Option, string? Column) Source => default;

    /// <summary>The columns before fitting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column that is read is missing or of another type.</exception>
    internal SchemaShape Promise(SchemaShape input)
    {
        NetworkHandle.CheckShape(input, Options.ScoreColumnName, Options.ImageColumnName, verb);
        if (Label is (_, { } label))
        {
            KeyColumn.CheckShape(input, label);
        }

        return input.With(Columns.Promise(input));
    }

    /// <summary>Throws where two columns would have one name.</summary>
    /// <param name="schema">The schema to transform, whose columns are checked as well; null where it is not known yet.</param>
    internal void CheckColumns(DataViewSchema? schema = null) => ColumnNames.RequireDistinct(
        Columns.Columns.Select(column => (column.Option, column.Name)),
        (nameof(Options.ScoreColumnName), Options.ScoreColumnName),
        (nameof(Options.ImageColumnName), schema is null ? Options.ImageColumnName : Bind(schema).Images.Name),
        Label,
        Source);

    /// <summary>Checks what the options require of a network.</summary>
    private protected virtual void Check(NetworkHandle network)
    {
    }

    private protected sealed override BatchMapper Bind(DataViewSchema schema)
    {
        NetworkHandle network = NetworkHandle.Find(schema, Options.ScoreColumnName, verb);
        Check(network);
        return new(Environment, verb, schema, network, Columns, Options.ImageColumnName, Label.Column, Options.BatchSize);
    }

    private protected sealed override void Save(ModelSaveContext context) => format.Write(context, ComponentJson.Write(Options));
}
