using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Data;

/// <summary>Makes the transformer that reads files named in text columns; there is nothing to learn.</summary>
public sealed class ImageLoadingEstimator : TrivialEstimator<ImageLoadingTransformer>
{
    private readonly bool _asImage;

    internal ImageLoadingEstimator(IHostEnvironment env, string imageFolder, bool asImage, params (string outputColumnName, string inputColumnName)[] columns)
        : base(
            Contracts.CheckRef(null, env, nameof(env)).Register(nameof(ImageLoadingEstimator)),
            new ImageLoadingTransformer(env, imageFolder, asImage, columns)) => _asImage = asImage;

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var result = new ShapeEdit(Host, inputSchema);
        foreach (var (output, input) in Transformer.Columns)
        {
            _ = result.Scalar<TextDataViewType>(input, TextDataViewType.Instance.ToString());
            if (_asImage)
                result.Set(output, SchemaShape.Column.VectorKind.Scalar, new ImageDataViewType());
            else
                result.Set(output, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Byte);
        }

        return result.Shape;
    }
}
