using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace RobustAttribution.MLNet.Interop;

/// <summary>The environment behind a catalog of <see cref="Microsoft.ML.MLContext"/>.</summary>
internal static class CatalogEnvironment
{
    /// <summary>The environment of a catalog.</summary>
    /// <param name="catalog">Any catalog of ML.NET.</param>
    public static IHostEnvironment Of(object catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return ((IInternalCatalog)catalog).Environment;
    }
}
