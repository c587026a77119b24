using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Saves, loads and uses models.</summary>
public sealed partial class ModelOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal ModelOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    /// <summary>Writes the model and, unless it is null, the schema of its input (without what cannot be stored, such as images).</summary>
    public void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        _env.CheckValue(stream, nameof(stream));
        using var rep = new RepositoryWriter(stream);
        ModelSaveContext.SaveModel(rep, model, ModelFile.TransformerDirectory);
        if (inputSchema == null)
            return;
        using var entry = rep.CreateEntry(null, ModelFile.SchemaEntry);
        IdvWriter.Write(_env, new EmptyDataView(inputSchema), entry, keepHidden: true);
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, string filePath)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.Create(filePath);
        Save(model, inputSchema, stream);
    }

    /// <summary>Reads a model and the schema that was saved with it, that of the loader that was, or null.</summary>
    public ITransformer Load(Stream stream, out DataViewSchema inputSchema)
    {
        _env.CheckValue(stream, nameof(stream));
        using var rep = new RepositoryReader(stream, _env);
        inputSchema = null;
        using var schema = rep.OpenEntryOrNull(null, ModelFile.SchemaEntry);
        if (schema != null)
        {
            byte[] bytes = ((MemoryStream)schema).ToArray();
            inputSchema = new IdvView(_env, () => new MemoryStream(bytes)).Schema;
        }
        else if (ModelLoadContext.LoadModelOrNull<IDataLoader<IMultiStreamSource>, SignatureLoadModel>(_env, out var loader, rep, null))
        {
            var behind = Split(ref loader);
            inputSchema = loader.GetOutputSchema();
            return behind;
        }

        if (!ModelLoadContext.LoadModelOrNull<ITransformer, SignatureLoadModel>(_env, out var model, rep, ModelFile.TransformerDirectory))
            throw _env.Except("Could not load legacy format model");
        return model;
    }

    public ITransformer Load(string filePath, out DataViewSchema inputSchema)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.OpenRead(filePath);
        return Load(stream, out inputSchema);
    }
}
