using System.Runtime.CompilerServices;
using Microsoft.ML;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A column that a transform adds.</summary>
internal abstract class Column(string? name, ColumnKind kind, string option)
{
    /// <summary>Its name; null where the option is not set and the column not added.</summary>
    public string? Name => name;

    /// <summary>What it holds.</summary>
    public ColumnKind Kind => kind;

    /// <summary>The option that names it.</summary>
    public string Option => option[(option.LastIndexOf('.') + 1)..];
}

/// <summary>A column that is computed from a <typeparamref name="TContext"/>.</summary>
/// <typeparam name="TContext">A batch; computes what several columns share when the first one needs it.</typeparam>
/// <param name="name">Its name; null for none.</param>
/// <param name="kind">What it holds.</param>
/// <param name="fill">Its values [N, …] of a batch of N images; they belong to the computation's dispose scope.</param>
/// <param name="option">The option that names it.</param>
internal sealed class Column<TContext>(
    string? name, ColumnKind kind, Func<TContext, Tensor> fill, [CallerArgumentExpression(nameof(name))] string option = "")
    : Column(name, kind, option)
{
    public Tensor Fill(TContext context) => fill(context);
}

/// <summary>The columns that a transform adds. What it promises, its schema and its computation all read this list.</summary>
internal abstract class ColumnList
{
    /// <summary>The columns, in the order of the schema.</summary>
    public abstract IReadOnlyList<Column> Columns { get; }

    /// <summary>The columns before fitting.</summary>
    public IEnumerable<SchemaShape.Column> Promise(SchemaShape input) => Columns.Select(column => column.Kind.Promise(column.Name!, input));

    /// <summary>The columns of rows of <paramref name="schema"/> that <paramref name="network"/> reads.</summary>
    public OutputColumn[] Bind(DataViewSchema schema, NetworkHandle network)
        => [.. Columns.Select(column => column.Kind.Bind(column.Name!, schema, network))];

    /// <summary>Computes the columns whose buffer is not null.</summary>
    public abstract void Fill(BatchInput input, OutputBuffer?[] outputs);
}

/// <summary>Columns that are computed from one <typeparamref name="TContext"/> for each batch.</summary>
/// <typeparam name="TContext">What the columns of one batch share; disposed of after the batch where it can be.</typeparam>
/// <param name="begin">Makes it.</param>
/// <param name="columns">The columns; those without a name are left out.</param>
internal sealed class ColumnList<TContext>(Func<BatchInput, TContext> begin, params IEnumerable<Column<TContext>> columns) : ColumnList
{
    private readonly Column<TContext>[] named = [.. columns.Where(column => column.Name is not null)];

    public override IReadOnlyList<Column> Columns => named;

    public override void Fill(BatchInput input, OutputBuffer?[] outputs)
    {
        TContext context = begin(input);
        using var owned = context as IDisposable;
        for (int i = 0; i < named.Length; i++)
        {
            outputs[i]?.Fill(named[i].Fill(context));
        }
    }
}
