using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

/// <summary>Transforms by the user's own function.</summary>
public static class CustomMappingCatalog
{
    /// <summary>
    /// Adds the columns of <typeparamref name="TDst"/>, which <paramref name="mapAction"/> fills from the columns of <typeparamref name="TSrc"/>, row
    /// by row and possibly on several threads. To be saved it needs a contract name, under which a <see cref="CustomMappingFactory{TSrc, TDst}"/>
    /// hands out the same function when it is loaded.
    /// </summary>
    public static CustomMappingEstimator<TSrc, TDst> CustomMapping<TSrc, TDst>(
        this TransformsCatalog catalog,
        Action<TSrc, TDst> mapAction,
        string contractName,
        SchemaDefinition inputSchemaDefinition = null,
        SchemaDefinition outputSchemaDefinition = null)
        where TSrc : class, new()
        where TDst : class, new()
        => new(catalog.GetEnvironment(), mapAction, contractName, inputSchemaDefinition, outputSchemaDefinition);
}
