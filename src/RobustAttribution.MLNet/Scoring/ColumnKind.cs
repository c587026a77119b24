using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>What a column holds: before fitting, and bound to a schema and a network.</summary>
/// <param name="Promise">The column of a name that is promised for an input shape.</param>
/// <param name="Bind">The column of a name in rows of a schema.</param>
internal sealed record ColumnKind(
    Func<string, SchemaShape, SchemaShape.Column> Promise, Func<string, DataViewSchema, NetworkHandle, OutputColumn> Bind)
{
    /// <summary>Truth values.</summary>
    public static ColumnKind Boolean { get; } = new(
        (name, _) => ShapeColumns.Scalar(name, BooleanDataViewType.Instance),
        (name, _, _) => new OutputColumn(name, BooleanDataViewType.Instance, OutputBuffer.Booleans));

    /// <summary>Float numbers.</summary>
    public static ColumnKind Number { get; } = new(
        (name, _) => ShapeColumns.Scalar(name, NumberDataViewType.Single),
        (name, _, _) => new OutputColumn(name, NumberDataViewType.Single, OutputBuffer.Singles));

    /// <summary>Images as the network takes them: float vectors of C×H×W values.</summary>
    public static ColumnKind Pixels { get; } = Vector(input => [input.Channels, input.Height, input.Width]);

    /// <summary>Float vectors.</summary>
    /// <param name="dimensions">Their dimensions.</param>
    public static ColumnKind Vector(Func<InputSpecification, int[]> dimensions) => new(
        (name, _) => ShapeColumns.Vector(name, NumberDataViewType.Single),
        (name, _, network) => new OutputColumn(
            name, new VectorDataViewType(NumberDataViewType.Single, dimensions(network.Input)), OutputBuffer.Vectors));

    /// <summary>MLImages of the network's size.</summary>
    /// <param name="draw">Draws one from the values of its row.</param>
    public static ColumnKind Image(RowDrawing<MLImage> draw) => new(
        (name, _) => ShapeColumns.Scalar(name, new ImageDataViewType()),
        (name, _, network) => new OutputColumn(
            name, new ImageDataViewType(network.Input.Height, network.Input.Width), () => OutputBuffer.Images(draw, network.Input)));

    /// <summary>PNG files of the network's size: vectors of bytes, of any length.</summary>
    /// <param name="draw">Draws one from the values of its row.</param>
    public static ColumnKind Png(RowDrawing<byte[]> draw) => new(
        (name, _) => ShapeColumns.VariableVector(name, NumberDataViewType.Byte),
        (name, _, network) => new OutputColumn(
            name, new VectorDataViewType(NumberDataViewType.Byte), () => OutputBuffer.Files(draw, network.Input)));

    /// <summary>PNG files of the size of the row's own image.</summary>
    /// <param name="sourceColumnName">The column of those images.</param>
    /// <param name="policy">How they became the network's input, by the schema.</param>
    /// <param name="draw">Draws one from the values of its row.</param>
    public static ColumnKind SourcePng(
        string sourceColumnName, Func<DataViewSchema, NetworkHandle, ResizePolicy> policy, SourceDrawing<byte[]> draw) => new(
        (name, input) =>
        {
            SchemaShape.Column source = SchemaColumns.Require(input, sourceColumnName, SourceImages);
            return source.Kind == SchemaShape.Column.VectorKind.Scalar && source.ItemType is ImageDataViewType
                ? ShapeColumns.VariableVector(name, NumberDataViewType.Byte)
                : throw NoImages(sourceColumnName, source.Describe());
        },
        (name, schema, network) =>
        {
            DataViewSchema.Column source = SchemaColumns.Require(schema, sourceColumnName, SourceImages);
            _ = source.Type is ImageDataViewType ? source : throw NoImages(sourceColumnName, source.Type.ToString()!);
            ResizePolicy resize = policy(schema, network);
            return new OutputColumn(
                name,
                new VectorDataViewType(NumberDataViewType.Byte),
                () => OutputBuffer.SourceFiles(draw, network.Input, resize, source),
                Source: source);
        });

    /// <summary>Classes of the network: keys with their names.</summary>
    /// <param name="scoreColumnName">The column that carries the network.</param>
    public static ColumnKind PredictedClass(string scoreColumnName) => new(
        (name, input) => ShapeColumns.Scalar(
            name,
            NumberDataViewType.UInt32,
            isKey: true,
            input.Find(scoreColumnName)?.Annotations.Find(AnnotationKinds.TrainingLabelValues) is { } values
                ? [ShapeColumns.Vector(AnnotationKinds.KeyValues, values.ItemType)]
                : []),
        (name, _, network) =>
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            network.ClassNames?.AddTo(annotations, AnnotationKinds.KeyValues);
            return new OutputColumn(name, new KeyDataViewType(typeof(uint), network.ClassCount), OutputBuffer.Keys, annotations.ToAnnotations());
        });

    private const string SourceImages = "the column of source images (MLImage)";

    private static ArgumentOutOfRangeException NoImages(string name, string found)
        => new(nameof(name), $"Source image column '{name}' holds {found}; needed are MLImages.");
}
