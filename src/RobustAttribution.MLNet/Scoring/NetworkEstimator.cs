using Microsoft.ML;

namespace RobustAttribution.MLNet;

/// <summary>What the estimators of <see cref="NetworkTransformer{TOptions}"/> share: there is nothing to fit.</summary>
/// <remarks>The network is found in the schema, when fitting to fail early and again when transforming.</remarks>
/// <typeparam name="TOptions">The options.</typeparam>
/// <typeparam name="TTransformer">The transformer.</typeparam>
public abstract class NetworkEstimator<TOptions, TTransformer> : IEstimator<TTransformer>
    where TOptions : NetworkOptions
    where TTransformer : NetworkTransformer<TOptions>
{
    private readonly TTransformer transformer;

    private protected NetworkEstimator(TTransformer transformer)
    {
        this.transformer = transformer;
        transformer.CheckColumns();
    }

    /// <inheritdoc/>
    public TTransformer Fit(IDataView input)
    {
        transformer.CheckColumns(Require.NotNull(input, nameof(input)).Schema);
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => transformer.Promise(Require.NotNull(inputSchema, nameof(inputSchema)));
}
