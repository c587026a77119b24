namespace Microsoft.ML;

/// <summary>Names in model files.</summary>
internal static class ModelFile
{
    /// <summary>Under this assembly name, an original's, the stand-in's own components are stored and found.</summary>
    public const string OwnAssembly = "Microsoft.ML.Data";

    /// <summary>The same for components that the originals keep in another assembly.</summary>
    public const string OwnTransformsAssembly = "Microsoft.ML.Transforms";

    public const string SchemaEntry = "Schema";

    public const string TransformerDirectory = "TransformerChain";
}
