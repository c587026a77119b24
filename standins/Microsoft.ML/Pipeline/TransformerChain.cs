using System.Collections;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(TransformerChain<ITransformer>), typeof(TransformerChain), null, typeof(SignatureLoadModel),
    "Transformer chain", TransformerChain.LoaderSignature)]

namespace Microsoft.ML.Data;

internal interface ITransformerChainAccessor
{
    ITransformer[] Transformers { get; }

    TransformerScope[] Scopes { get; }
}

/// <summary>Transformers applied one after the other.</summary>
public sealed class TransformerChain<TLastTransformer> : ITransformer, IEnumerable<ITransformer>, ITransformerChainAccessor, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly TLastTransformer LastTransformer;

    private readonly ITransformer[] _transformers;
    private readonly TransformerScope[] _scopes;
    private bool _disposed;

    public TransformerChain(IEnumerable<ITransformer> transformers, IEnumerable<TransformerScope> scopes)
    {
        _transformers = transformers?.ToArray() ?? [];
        _scopes = scopes?.ToArray() ?? [];
        LastTransformer = _transformers.LastOrDefault() as TLastTransformer;
        Contracts.Check((_transformers.Length > 0) == (LastTransformer != null), "The last transformer has another type than the chain says.");
        Contracts.Check(_transformers.Length == _scopes.Length, "Each transformer needs a scope.");
    }

    public TransformerChain(params ITransformer[] transformers)
        : this(transformers, transformers?.Select(_ => TransformerScope.Everything))
    {
    }

    internal TransformerChain(IHostEnvironment env, ModelLoadContext ctx)
    {
        int length = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(length >= 0, $"Corrupt model file: a chain of {length} transformers");
        var transformers = new List<ITransformer>();
        var scopes = new List<TransformerScope>();
        for (int i = 0; i < length; i++)
        {
            scopes.Add((TransformerScope)ctx.Reader.ReadInt32());
            ctx.LoadModel<ITransformer, SignatureLoadModel>(env, out var transformer, DirectoryOf(i));
            transformers.Add(transformer);
        }

        _transformers = transformers.ToArray();
        _scopes = scopes.ToArray();
        LastTransformer = _transformers.LastOrDefault() as TLastTransformer;
    }

    bool ITransformer.IsRowToRowMapper => _transformers.All(transformer => transformer.IsRowToRowMapper);

    ITransformer[] ITransformerChainAccessor.Transformers => _transformers;

    TransformerScope[] ITransformerChainAccessor.Scopes => _scopes;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetOutputSchema(inputSchema, TransformerScope.Scoring);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema, TransformerScope scope)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return InScope(scope).Aggregate(inputSchema, (schema, transformer) => transformer.GetOutputSchema(schema));
    }

    public IDataView Transform(IDataView input) => Transform(input, TransformerScope.Scoring);

    public IDataView Transform(IDataView input, TransformerScope scope)
    {
        Contracts.CheckValue(input, nameof(input));
        GetOutputSchema(input.Schema, scope); // a schema that does not suit fails before the first transformer runs
        return InScope(scope).Aggregate(input, (data, transformer) => transformer.Transform(data));
    }

    public TransformerChain<ITransformer> GetModelFor(TransformerScope scopeFilter)
        => new(InScope(scopeFilter), _scopes.Where(scope => (scope & scopeFilter) != TransformerScope.None));

    public TransformerChain<TNewLast> Append<TNewLast>(TNewLast transformer, TransformerScope scope = TransformerScope.Everything)
        where TNewLast : class, ITransformer
    {
        Contracts.CheckValue(transformer, nameof(transformer));
        return new([.. _transformers, transformer], [.. _scopes, scope]);
    }

    public IEnumerator<ITransformer> GetEnumerator() => ((IEnumerable<ITransformer>)_transformers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var transformer in _transformers)
            (transformer as IDisposable)?.Dispose();
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(TransformerChain.Version);
        ctx.Writer.Write(_transformers.Length);
        for (int i = 0; i < _transformers.Length; i++)
        {
            ctx.Writer.Write((int)_scopes[i]);
            ctx.SaveModel(_transformers[i], DirectoryOf(i));
        }
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        Contracts.Check(((ITransformer)this).IsRowToRowMapper,
            $"{nameof(ITransformer.GetRowToRowMapper)} method called despite {nameof(ITransformer.IsRowToRowMapper)} being false.");
        var mappers = new List<IRowToRowMapper>();
        foreach (var transformer in _transformers)
            mappers.Add(transformer.GetRowToRowMapper(mappers.Count == 0 ? inputSchema : mappers[^1].OutputSchema));
        return new CompositeRowToRowMapper(inputSchema, mappers);
    }

    private static string DirectoryOf(int index) => $"Transform_{index:000}";

    private IEnumerable<ITransformer> InScope(TransformerScope scope)
        => _transformers.Where((_, i) => (_scopes[i] & scope) != TransformerScope.None);
}

internal static class TransformerChain
{
    public const string LoaderSignature = "TransformerChain";

    public static VersionInfo Version => new(
        modelSignature: "XF CHAIN",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature);

    private static TransformerChain<ITransformer> Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new(env, ctx);
    }
}
