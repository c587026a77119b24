using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// The two columns that a multiclass model of ML.NET adds, with the annotations by which Evaluate, MapKeyToValue and CrossValidate know them.
/// </summary>
internal static class ScoreColumns
{
    private const string Task = "MulticlassClassification";
    private static readonly KeyDataViewType SetIdType = new(typeof(uint), int.MaxValue);

    private static readonly SchemaShape.Column[] SharedPromise =
    [
        ShapeColumns.Scalar(AnnotationKinds.ScoreColumnSetId, NumberDataViewType.UInt32, isKey: true),
        ShapeColumns.Scalar(AnnotationKinds.ScoreColumnKind, TextDataViewType.Instance),
        ShapeColumns.Scalar(AnnotationKinds.ScoreValueKind, TextDataViewType.Instance),
    ];

    /// <summary>The columns before fitting.</summary>
    /// <param name="keyValues">The annotation of the label's values; null where it has none.</param>
    /// <param name="scoreName">The probabilities of the classes.</param>
    /// <param name="predictedName">The predicted label.</param>
    public static IEnumerable<SchemaShape.Column> Promise(SchemaShape.Column? keyValues, string scoreName, string predictedName)
        => Columns(scoreName, predictedName, keyValues).Promise(new SchemaShape([]));

    /// <summary>The transformer that adds them, bound to a schema.</summary>
    public static BatchMapper Bind(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, string scoreName, string predictedName)
        => new(env, "RobustImageClassification", schema, network, Columns(scoreName, predictedName));

    /// <summary>The columns, computed from the logits [N, K].</summary>
    /// <param name="scoreName">The probabilities of the classes; an annotation of it carries the network.</param>
    /// <param name="predictedName">The predicted label: a key with the label's values.</param>
    /// <param name="keyValues">The label's values before fitting; null where it has none.</param>
    private static ColumnList<Tensor> Columns(string scoreName, string predictedName, SchemaShape.Column? keyValues = null) => new(
        batch =>
        {
            using IDisposable mode = no_grad();
            return batch.Network.Logits(batch.Images);
        },
        new(predictedName, PredictedLabel(keyValues), logits => logits.argmax(1)),
        new(scoreName, Score(keyValues), logits => nn.functional.softmax(logits, 1)));

    private static ColumnKind PredictedLabel(SchemaShape.Column? keyValues) => new(
        (name, _) => ShapeColumns.Scalar(
            name,
            NumberDataViewType.UInt32,
            isKey: true,
            keyValues is { } values ? [.. SharedPromise, ShapeColumns.Vector(AnnotationKinds.KeyValues, values.ItemType)] : SharedPromise),
        (name, schema, network) =>
        {
            DataViewSchema.Annotations.Builder annotations = Shared(schema, "PredictedLabel");
            network.ClassNames?.AddTo(annotations, AnnotationKinds.KeyValues);
            return new OutputColumn(name, new KeyDataViewType(typeof(uint), network.ClassCount), OutputBuffer.Keys, annotations.ToAnnotations());
        });

    private static ColumnKind Score(SchemaShape.Column? keyValues) => new(
        (name, _) =>
        {
            List<SchemaShape.Column> annotations = [.. SharedPromise, ShapeColumns.Scalar(NetworkHandle.AnnotationKind, NetworkHandleType.Instance)];
            if (keyValues is { } values)
            {
                annotations.Add(ShapeColumns.Vector(AnnotationKinds.SlotNames, TextDataViewType.Instance));
                annotations.Add(ShapeColumns.Vector(AnnotationKinds.TrainingLabelValues, values.ItemType));
            }

            return ShapeColumns.Vector(name, NumberDataViewType.Single, [.. annotations]);
        },
        (name, schema, network) =>
        {
            DataViewSchema.Annotations.Builder annotations = Shared(schema, "Score");
            network.ClassNames?.AddSlotNamesTo(annotations);
            network.ClassNames?.AddTo(annotations, AnnotationKinds.TrainingLabelValues);
            network.AddTo(annotations);
            var type = new VectorDataViewType(NumberDataViewType.Single, network.ClassCount);
            return new OutputColumn(name, type, OutputBuffer.Vectors, annotations.ToAnnotations());
        });

    private static DataViewSchema.Annotations.Builder Shared(DataViewSchema schema, string valueKind)
    {
        uint set = NextSetId(schema);
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(AnnotationKinds.ScoreColumnSetId, SetIdType, (ref uint value) => value = set);
        annotations.Add(AnnotationKinds.ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = Task.AsMemory());
        annotations.Add(AnnotationKinds.ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return annotations;
    }

    private static uint NextSetId(DataViewSchema schema)
    {
        uint largest = 0;
        foreach (DataViewSchema.Column column in schema)
        {
            if (column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.ScoreColumnSetId)?.Type.RawType == typeof(uint))
            {
                uint value = 0;
                column.Annotations.GetValue(AnnotationKinds.ScoreColumnSetId, ref value);
                largest = Math.Max(largest, value);
            }
        }

        return largest + 1;
    }
}
