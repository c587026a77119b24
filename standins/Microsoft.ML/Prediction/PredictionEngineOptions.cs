using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>What a prediction engine is made of, besides its transformer.</summary>
public sealed class PredictionEngineOptions
{
    /// <summary>Whether a member of the output class without a column is left as it is instead of being an error.</summary>
    public bool IgnoreMissingColumns = true;

    /// <summary>The input columns, where the input class does not say enough.</summary>
    public SchemaDefinition InputSchemaDefinition;

    /// <summary>The output columns, where the output class does not say enough.</summary>
    public SchemaDefinition OutputSchemaDefinition;

    /// <summary>Whether disposing of the engine disposes of its transformer.</summary>
    public bool OwnsTransformer = true;
}
