using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class ModelOperationsCatalog
{
    /// <summary>Writes the model and the loader of its data.</summary>
    public void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, Stream stream)
    {
        _env.CheckValue(loader, nameof(loader));
        _env.CheckValue(stream, nameof(stream));
        using var rep = new RepositoryWriter(stream);
        ModelSaveContext.SaveModel(rep, new CompositeDataLoader<TSource, ITransformer>(loader, model == null ? null : new TransformerChain<ITransformer>(model)), null);
    }

    public void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, string filePath)
    {
        _env.CheckValue(loader, nameof(loader));
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.Create(filePath);
        Save(model, loader, stream);
    }

    /// <summary>Reads a model and the loader that was saved with it.</summary>
    public ITransformer LoadWithDataLoader(Stream stream, out IDataLoader<IMultiStreamSource> loader)
    {
        _env.CheckValue(stream, nameof(stream));
        using var rep = new RepositoryReader(stream, _env);
        try
        {
            ModelLoadContext.LoadModel<IDataLoader<IMultiStreamSource>, SignatureLoadModel>(_env, out loader, rep, null);
            return Split(ref loader);
        }
        catch (Exception ex)
        {
            throw _env.Except(ex, "The model file holds no data loader. Perhaps it was saved with a schema, or with nothing about its input; then use Load.");
        }
    }

    public ITransformer LoadWithDataLoader(string filePath, out IDataLoader<IMultiStreamSource> loader)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.OpenRead(filePath);
        return LoadWithDataLoader(stream, out loader);
    }

    /// <summary>The transformer behind a loader; the loader becomes what it reads from.</summary>
    private static ITransformer Split(ref IDataLoader<IMultiStreamSource> loader)
    {
        if (loader is not CompositeDataLoader<IMultiStreamSource, ITransformer> composite)
            return new TransformerChain<ITransformer>();
        loader = composite.Loader;
        return ((ITransformerChainAccessor)composite.Transformer).Transformers is [var only] ? only : composite.Transformer;
    }
}
