using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that adds columns computed row by row.</summary>
public abstract class RowToRowTransformerBase : ITransformer
{
    private protected readonly IHost Host;

    private protected RowToRowTransformerBase(IHost host) => Host = host;

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return RowMapperView.GetOutputSchema(inputSchema, MakeRowMapper(inputSchema));
    }

    public IDataView Transform(IDataView input)
    {
        Host.CheckValue(input, nameof(input));
        return new RowMapperView(Host, input, MakeRowMapper(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return new RowMapperView(Host, new EmptyDataView(inputSchema), MakeRowMapper(inputSchema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        Host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel();
        SaveModel(ctx);
    }

    private protected abstract void SaveModel(ModelSaveContext ctx);

    /// <summary>Binds to a schema; throws where it does not suit.</summary>
    private protected abstract IRowMapper MakeRowMapper(DataViewSchema schema);

    /// <summary>A mapper that says its columns and, for each, a getter and the input columns that it needs.</summary>
    private protected abstract class MapperBase : IRowMapper
    {
        private readonly Lazy<DataViewSchema.DetachedColumn[]> _outputColumns;

        protected MapperBase(IHost host, DataViewSchema inputSchema)
        {
            Host = host;
            InputSchema = inputSchema;
            _outputColumns = new(GetOutputColumnsCore);
        }

        protected IHost Host { get; }

        protected DataViewSchema InputSchema { get; }

        public DataViewSchema.DetachedColumn[] GetOutputColumns() => _outputColumns.Value;

        public Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer)
        {
            Action all = null;
            var getters = GetOutputColumns().Select((_, i) =>
            {
                Action one = null;
                var getter = activeOutput(i) ? MakeGetter(input, i, activeOutput, out one) : null;
                all += one;
                return getter;
            }).ToArray();
            disposer = all;
            return getters;
        }

        public abstract Func<int, bool> GetDependencies(Func<int, bool> activeOutput);

        protected abstract DataViewSchema.DetachedColumn[] GetOutputColumnsCore();

        protected abstract Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer);
    }
}
