using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that makes each output column from one input column.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    internal readonly (string outputColumnName, string inputColumnName)[] ColumnPairs;

    private protected OneToOneTransformerBase(IHost host, params (string outputColumnName, string inputColumnName)[] columns)
        : base(host)
    {
        host.CheckValue(columns, nameof(columns));
        var names = new HashSet<string>();
        foreach (var (outputColumnName, inputColumnName) in columns)
        {
            host.CheckNonEmpty(inputColumnName, nameof(columns));
            host.CheckNonEmpty(outputColumnName, nameof(columns));
            if (!names.Add(outputColumnName))
                throw Contracts.ExceptParam(nameof(columns), $"Name of the result column '{outputColumnName}' specified multiple times");
        }

        ColumnPairs = columns;
    }

    private protected OneToOneTransformerBase(IHost host, ModelLoadContext ctx)
        : this(host, LoadColumns(ctx))
    {
    }

    private protected static (string OutputColumnName, string InputColumnName)[] LoadColumns(ModelLoadContext ctx)
    {
        int count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count >= 0, $"Corrupt model file: {count} columns");
        var columns = new List<(string, string)>();
        for (int i = 0; i < count; i++)
            columns.Add((ctx.LoadNonEmptyString(), ctx.LoadNonEmptyString()));
        return columns.ToArray();
    }

    private protected void SaveColumns(ModelSaveContext ctx)
    {
        ctx.Writer.Write(ColumnPairs.Length);
        foreach (var (outputColumnName, inputColumnName) in ColumnPairs)
        {
            ctx.SaveNonEmptyString(outputColumnName);
            ctx.SaveNonEmptyString(inputColumnName);
        }
    }

    /// <summary>Throws where the input column of pair <paramref name="col"/> has a type that does not suit.</summary>
    private protected virtual void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
    }

    private protected abstract class OneToOneMapperBase : MapperBase
    {
        protected OneToOneMapperBase(IHost host, OneToOneTransformerBase parent, DataViewSchema inputSchema)
            : base(host, inputSchema)
        {
            InputColumns = new DataViewSchema.Column[parent.ColumnPairs.Length];
            for (int i = 0; i < InputColumns.Length; i++)
            {
                string name = parent.ColumnPairs[i].inputColumnName;
                InputColumns[i] = inputSchema.GetColumnOrNull(name) ?? throw host.ExceptSchemaMismatch(nameof(inputSchema), "input", name);
                parent.CheckInputColumn(inputSchema, i, InputColumns[i].Index);
            }
        }

        /// <summary>The input column of each pair.</summary>
        protected DataViewSchema.Column[] InputColumns { get; }

        public override Func<int, bool> GetDependencies(Func<int, bool> activeOutput)
        {
            var needed = InputColumns.Where((_, i) => activeOutput(i)).Select(column => column.Index).ToHashSet();
            return needed.Contains;
        }
    }
}
