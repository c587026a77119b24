using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>The two columns that a multiclass model of ML.NET adds, with the annotations by which Evaluate, MapKeyToValue and CrossValidate know them.</summary>
internal static class ScoreColumns
{
    private const string Task = "MulticlassClassification";
    private static readonly KeyDataViewType SetIdType = new(typeof(uint), int.MaxValue);

    /// <summary>The columns before fitting.</summary>
    public static SchemaShape.Column[] Promise(SchemaShape.Column label, string scoreName, string predictedName)
    {
        SchemaShape.Column[] shared =
        [
            ShapeColumns.Scalar(AnnotationKinds.ScoreColumnSetId, NumberDataViewType.UInt32, isKey: true),
            ShapeColumns.Scalar(AnnotationKinds.ScoreColumnKind, TextDataViewType.Instance),
            ShapeColumns.Scalar(AnnotationKinds.ScoreValueKind, TextDataViewType.Instance),
        ];
        List<SchemaShape.Column> predicted = [.. shared];
        List<SchemaShape.Column> score = [.. shared, ShapeColumns.Scalar(NetworkHandle.AnnotationKind, NetworkHandleType.Instance)];
        foreach (SchemaShape.Column values in label.Annotations.Where(annotation => annotation.Name == AnnotationKinds.KeyValues))
        {
            predicted.Add(ShapeColumns.Vector(AnnotationKinds.KeyValues, values.ItemType));
            score.Add(ShapeColumns.Vector(AnnotationKinds.SlotNames, TextDataViewType.Instance));
            score.Add(ShapeColumns.Vector(AnnotationKinds.TrainingLabelValues, values.ItemType));
        }

        return
        [
            ShapeColumns.Scalar(predictedName, NumberDataViewType.UInt32, isKey: true, [.. predicted]),
            ShapeColumns.Vector(scoreName, NumberDataViewType.Single, [.. score]),
        ];
    }

    /// <summary>The predicted label: a key with the label's values.</summary>
    public static OutputColumn PredictedLabel(string name, DataViewSchema schema, int classCount, ClassNames? names)
    {
        DataViewSchema.Annotations.Builder annotations = Shared(schema, "PredictedLabel");
        names?.AddTo(annotations, AnnotationKinds.KeyValues);
        return new ScalarColumn<uint>(name, new KeyDataViewType(typeof(uint), classCount), annotations.ToAnnotations());
    }

    /// <summary>The probabilities of the classes, with the network in hand.</summary>
    public static OutputColumn Score(string name, DataViewSchema schema, NetworkHandle network)
    {
        DataViewSchema.Annotations.Builder annotations = Shared(schema, "Score");
        network.ClassNames?.AddSlotNamesTo(annotations);
        network.ClassNames?.AddTo(annotations, AnnotationKinds.TrainingLabelValues);
        network.AddTo(annotations);
        return new VectorColumn(name, [network.ClassCount], annotations.ToAnnotations());
    }

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
