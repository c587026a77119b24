using Microsoft.ML.Data;

namespace Microsoft.ML;

public static class TextLoaderSaverCatalog
{
    /// <summary>A loader of files of one row in each line, whose fields a character separates. What the last four arguments turn on is not known here.</summary>
    public static TextLoader CreateTextLoader(
        this DataOperationsCatalog catalog,
        TextLoader.Column[] columns,
        char separatorChar = TextLoader.Defaults.Separator,
        bool hasHeader = TextLoader.Defaults.HasHeader,
        IMultiStreamSource dataSample = null,
        bool allowQuoting = TextLoader.Defaults.AllowQuoting,
        bool trimWhitespace = TextLoader.Defaults.TrimWhitespace,
        bool allowSparse = TextLoader.Defaults.AllowSparse)
    {
        if (dataSample != null || allowQuoting || trimWhitespace || allowSparse)
            throw new NotSupportedException("Text loaders with a sample, quotes, trimmed or sparse lines are not known here.");
        return new(CatalogUtils.GetEnvironment(catalog), columns, separatorChar, hasHeader);
    }
}
