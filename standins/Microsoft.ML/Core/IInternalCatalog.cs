using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How a catalog's extension methods reach the environment.</summary>
internal interface IInternalCatalog
{
    IHostEnvironment Environment { get; }
}

internal static class CatalogUtils
{
    public static IHostEnvironment GetEnvironment(this IInternalCatalog catalog)
        => catalog == null ? throw Contracts.ExceptValue(nameof(catalog)) : catalog.Environment;
}
