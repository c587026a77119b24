using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>Stands in a chain of estimators, changes nothing and remembers the shape that was promised at its place.</summary>
internal sealed class ShapeSpy : IEstimator<ITransformer>
{
    public SchemaShape? Shape { get; private set; }

    public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Shape = inputSchema;
}
