using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet;

/// <summary>The annotation of a column of maps that says how the model brought its MLImages to the size of the maps.</summary>
internal static class MapResize
{
    private const string Kind = "MapResize";

    /// <summary>Adds it where the model's images are MLImages.</summary>
    /// <param name="maps">What the column holds.</param>
    /// <param name="imageColumnName">The column of images that is explained; null for the one that the model was trained on.</param>
    public static ColumnKind Annotate(ColumnKind maps, string? imageColumnName) => maps with
    {
        Bind = (name, schema, network) =>
        {
            OutputColumn column = maps.Bind(name, schema, network);
            return Of(schema, network, imageColumnName) is { } policy ? column with { Annotations = Annotation(policy) } : column;
        },
    };

    /// <summary>How the model brings its MLImages to the size of the maps; null where its images are none.</summary>
    public static ResizePolicy? Of(DataViewSchema schema, NetworkHandle network, string? imageColumnName)
        => new[] { imageColumnName, network.Images.ColumnName } // attacked copies are vectors, of MLImages
            .Any(images => images is not null && schema.GetColumnOrNull(images)?.Type is ImageDataViewType) ? network.Images.Resize : null;

    /// <summary>What a column says; null where it says nothing.</summary>
    public static ResizePolicy? Of(DataViewSchema.Column maps)
    {
        if (maps.Annotations.Schema.GetColumnOrNull(Kind)?.Type is not TextDataViewType)
        {
            return null;
        }

        ReadOnlyMemory<char> policy = default;
        maps.Annotations.GetValue(Kind, ref policy);
        return Enum.TryParse(policy.Span, out ResizePolicy found) ? found : null;
    }

    private static DataViewSchema.Annotations Annotation(ResizePolicy policy)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(Kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = policy.ToString().AsMemory());
        return builder.ToAnnotations();
    }
}
