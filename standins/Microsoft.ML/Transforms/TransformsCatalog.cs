using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The transforms; each is an extension method.</summary>
public sealed class TransformsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal TransformsCatalog(IHostEnvironment env)
    {
        _env = env;
        Conversion = new ConversionTransforms(env);
    }

    public ConversionTransforms Conversion { get; }

    IHostEnvironment IInternalCatalog.Environment => _env;

    /// <summary>Transforms from one column type to another.</summary>
    public sealed class ConversionTransforms : IInternalCatalog
    {
        private readonly IHostEnvironment _env;

        internal ConversionTransforms(IHostEnvironment env) => _env = env;

        IHostEnvironment IInternalCatalog.Environment => _env;
    }
}
