using Microsoft.ML.Data;

namespace Microsoft.ML;

public static class TextLoaderSaverCatalog
{
    /// <summary>A loader of files of one row in each line, whose fields a character separates.</summary>
    public static TextLoader CreateTextLoader(
        this DataOperationsCatalog catalog, TextLoader.Column[] columns, char separatorChar = TextLoader.Defaults.Separator, bool hasHeader = TextLoader.Defaults.HasHeader)
        => new(CatalogUtils.GetEnvironment(catalog), columns, separatorChar, hasHeader);
}
