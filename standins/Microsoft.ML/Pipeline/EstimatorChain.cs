using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Estimators fitted one after the other, each on the output of those before it.</summary>
public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    public readonly IEstimator<TLastTransformer> LastEstimator;

    private readonly IHost _host;
    private readonly EstimatorLink[] _links;

    public EstimatorChain() => _links = [];

    private EstimatorChain(IHostEnvironment env, EstimatorLink[] links)
    {
        _host = env?.Register(nameof(EstimatorChain<TLastTransformer>));
        _links = links;
        LastEstimator = links[^1].Estimator as IEstimator<TLastTransformer>;
    }

    public TransformerChain<TLastTransformer> Fit(IDataView input)
    {
        GetOutputSchema(SchemaShape.Create(input.Schema)); // a pipeline that cannot work fails before anything is trained
        var data = input;
        var fitted = new List<ITransformer>();
        foreach (var link in _links)
        {
            fitted.Add(link.Estimator.Fit(data));
            data = fitted[^1].Transform(data);
            if (link.CacheAfter && fitted.Count < _links.Length)
                data = new CacheDataView(_host, data, null);
        }

        return new(fitted, _links.Select(link => link.Scope));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        => _links.Aggregate(inputSchema, (shape, link) => link.Estimator.GetOutputSchema(shape));

    public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator, TransformerScope scope = TransformerScope.Everything)
        where TNewTrans : class, ITransformer
    {
        Contracts.CheckValue(estimator, nameof(estimator));
        return new(_host, [.. _links, new EstimatorLink(estimator, scope, CacheAfter: false)]);
    }

    /// <summary>Caches the data at this point while the rest of the chain is fitted.</summary>
    public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        if (_links.Length == 0)
            throw new InvalidOperationException("Current estimator chain has no estimator, can't append cache checkpoint.");
        return _links[^1].CacheAfter ? this : new(env, [.. _links[..^1], _links[^1] with { CacheAfter = true }]);
    }
}

/// <summary>One estimator of a chain.</summary>
internal sealed record EstimatorLink(IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter);
