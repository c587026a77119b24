using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Data views in binary files.</summary>
public static class BinaryLoaderSaverCatalog
{
    public static IDataView LoadFromBinary(this DataOperationsCatalog catalog, string path)
    {
        Contracts.CheckNonEmpty(path, nameof(path));
        if (!File.Exists(path))
            throw Contracts.ExceptParam(nameof(path), $"File does not exist at path: {path}");
        return new IdvView(catalog.GetEnvironment(), () => File.OpenRead(path));
    }

    /// <summary>Writes all rows. Columns and annotations of types that cannot be stored (images, handles) are left out.</summary>
    public static void SaveAsBinary(this DataOperationsCatalog catalog, IDataView data, Stream stream, bool keepHidden = false)
    {
        Contracts.CheckValue(catalog, nameof(catalog));
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckValue(stream, nameof(stream));
        IdvWriter.Write(catalog.GetEnvironment(), data, stream, keepHidden);
    }
}
