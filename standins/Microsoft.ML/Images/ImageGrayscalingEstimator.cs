using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Makes the transformer that turns pictures gray; there is nothing to learn.</summary>
public sealed class ImageGrayscalingEstimator : TrivialEstimator<ImageGrayscalingTransformer>
{
    internal ImageGrayscalingEstimator(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(nameof(ImageGrayscalingEstimator)), new ImageGrayscalingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var result = new ShapeEdit(Host, inputSchema);
        foreach (var (output, input) in Transformer.Columns)
        {
            var column = result.Scalar<ImageDataViewType>(input, "Image");
            result.Set(output, column.Kind, column.ItemType, column.Annotations);
        }

        return result.Shape;
    }
}
