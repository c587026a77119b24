using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A mapper of a transformer that uses another one's network.</summary>
/// <param name="env">Its cancellation is honoured.</param>
/// <param name="schema">The input schema.</param>
/// <param name="network">The network found in it.</param>
/// <param name="imageColumnName">The column of images; null for the one that the network was trained on.</param>
/// <param name="labelColumnName">A key column with the network's classes; null for none.</param>
/// <param name="batchSize">Rows in one computation; null for the model's.</param>
/// <param name="outputs">The columns added.</param>
internal abstract class NetworkMapper(
    IHostEnvironment env, DataViewSchema schema, NetworkHandle network, string? imageColumnName, string? labelColumnName, int? batchSize, IReadOnlyList<OutputColumn> outputs)
    : BatchMapper(
        env,
        schema,
        network,
        ImageColumn.Bind(schema, imageColumnName ?? network.Images.ColumnName, network.Input, network.Images.PixelScale, network.Images.Resize),
        labelColumnName is null ? null : BindLabels(schema, labelColumnName, network),
        batchSize ?? network.BatchSize,
        outputs)
{
    /// <summary>Throws unless a column is a key with the network's classes.</summary>
    public static void CheckLabels(DataViewSchema schema, string name, NetworkHandle network) => BindLabels(schema, name, network);

    private static KeyColumn BindLabels(DataViewSchema schema, string name, NetworkHandle network)
    {
        KeyColumn labels = KeyColumn.Bind(schema, name);
        IReadOnlyList<string>? expected = network.ClassNames?.Names;
        IReadOnlyList<string>? found = ClassNames.Of(schema[labels.Index])?.Names;
        bool same = expected is null || found is null ? labels.Count == network.ClassCount : expected.SequenceEqual(found);
        return same
            ? labels
            : throw new ArgumentOutOfRangeException(
                nameof(schema),
                $"Label column '{name}' has the classes [{string.Join(", ", found ?? [$"1 to {labels.Count}"])}]; the network was trained on [{string.Join(", ", expected ?? [$"1 to {network.ClassCount}"])}]. Map the labels with the MapValueToKey that was fitted with the network.");
    }
}
