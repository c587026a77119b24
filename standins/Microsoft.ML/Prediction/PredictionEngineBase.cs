using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Runs a row-to-row transformer on single objects. Not safe to use from several threads at once.</summary>
public abstract class PredictionEngineBase<TSrc, TDst> : IDisposable
    where TSrc : class
    where TDst : class, new()
{
    private readonly InputRow<TSrc> _inputRow;
    private readonly Action<TDst> _fill;
    private readonly bool _ownsTransformer;
    private bool _disposed;

    private protected PredictionEngineBase(IHostEnvironment env, ITransformer transformer, PredictionEngineOptions options)
    {
        Contracts.CheckValue(env, nameof(env));
        env.CheckValue(transformer, nameof(transformer));
        env.CheckParam(transformer.IsRowToRowMapper, nameof(transformer), "Must be a row to row mapper");
        Transformer = transformer;
        _ownsTransformer = options.OwnsTransformer;
        _inputRow = new InputRow<TSrc>(env, options.InputSchemaDefinition);
        var mapper = transformer.GetRowToRowMapper(_inputRow.Schema);
        var writer = new RowWriter<TDst>(env, mapper.OutputSchema, options.IgnoreMissingColumns, options.OutputSchemaDefinition);
        _fill = writer.Bind(mapper.GetRow(_inputRow, mapper.OutputSchema));
        OutputSchema = transformer.GetOutputSchema(_inputRow.Schema);
    }

    /// <summary>The schema of the transformed row.</summary>
    public DataViewSchema OutputSchema { get; }

    private protected ITransformer Transformer { get; }

    /// <summary>The prediction for one object, as a new object.</summary>
    public TDst Predict(TSrc example)
    {
        var result = new TDst();
        Predict(example, ref result);
        return result;
    }

    /// <summary>The prediction for one object, written into a given one.</summary>
    public abstract void Predict(TSrc example, ref TDst prediction);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _inputRow.Dispose();
        if (_ownsTransformer)
            (Transformer as IDisposable)?.Dispose();
    }

    private protected void ExtractValues(TSrc example) => _inputRow.MoveTo(example);

    private protected void FillValues(TDst prediction) => _fill(prediction);
}
