using Microsoft.ML.Runtime;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Data;

/// <summary>The annotations that components agree on.</summary>
internal static class AnnotationUtils
{
    public static KeyDataViewType ScoreColumnSetIdType { get; } = new(typeof(uint), int.MaxValue);

    public static bool HasSlotNames(this DataViewSchema.Column column, int vectorSize)
        => vectorSize > 0
            && column.Annotations.Schema.GetColumnOrNull(Kinds.SlotNames)?.Type is VectorDataViewType { ItemType: TextDataViewType } names
            && names.Size == vectorSize;

    public static bool HasSlotNames(this SchemaShape.Column col)
        => col.Kind == VectorKind.Vector && col.Annotations.TryFindColumn(Kinds.SlotNames, out var names)
            && names.Kind == VectorKind.Vector && !names.IsKey && names.ItemType is TextDataViewType;

    public static bool IsNormalized(this SchemaShape.Column column)
        => column.Annotations.TryFindColumn(Kinds.IsNormalized, out var flag)
            && flag.Kind == VectorKind.Scalar && !flag.IsKey && flag.ItemType is BooleanDataViewType;

    public static VectorDataViewType GetNamesType(int size)
    {
        Contracts.CheckParam(size > 0, nameof(size), "must be known size");
        return new(TextDataViewType.Instance, size);
    }

    /// <summary>What a trainer promises to say about each of its output columns.</summary>
    public static IEnumerable<SchemaShape.Column> GetTrainerOutputAnnotation(bool isNormalized = false)
    {
        var columns = new List<SchemaShape.Column>
        {
            new(Kinds.ScoreColumnSetId, VectorKind.Scalar, NumberDataViewType.UInt32, true),
            new(Kinds.ScoreColumnKind, VectorKind.Scalar, TextDataViewType.Instance, false),
            new(Kinds.ScoreValueKind, VectorKind.Scalar, TextDataViewType.Instance, false),
        };
        if (isNormalized)
            columns.Add(new(Kinds.IsNormalized, VectorKind.Scalar, BooleanDataViewType.Instance, false));
        return columns;
    }

    /// <summary>What a multiclass trainer promises to say about its score column: slot names and label values where the label's keys have values.</summary>
    public static IEnumerable<SchemaShape.Column> AnnotationsForMulticlassScoreColumn(SchemaShape.Column? labelColumn = null)
    {
        var columns = new List<SchemaShape.Column>();
        if (labelColumn is { IsKey: true } label && label.Annotations.TryFindColumn(Kinds.KeyValues, out var values) && values.Kind == VectorKind.Vector)
        {
            if (values.ItemType is TextDataViewType)
                columns.Add(new(Kinds.SlotNames, VectorKind.Vector, TextDataViewType.Instance, false));
            columns.Add(new(Kinds.TrainingLabelValues, VectorKind.Vector, values.ItemType, false));
        }

        columns.AddRange(GetTrainerOutputAnnotation());
        return columns;
    }

    /// <summary>The names of annotations.</summary>
    public static class Kinds
    {
        public const string SlotNames = "SlotNames";
        public const string KeyValues = "KeyValues";
        public const string ScoreColumnSetId = "ScoreColumnSetId";
        public const string ScoreColumnKind = "ScoreColumnKind";
        public const string ScoreValueKind = "ScoreValueKind";
        public const string IsNormalized = "IsNormalized";
        public const string IsUserVisible = "IsUserVisible";
        public const string TrainingLabelValues = "TrainingLabelValues";
        public const string CategoricalSlotRanges = "CategoricalSlotRanges";
    }

    /// <summary>The values of some annotations.</summary>
    public static class Const
    {
        public static class ScoreColumnKind
        {
            public const string MulticlassClassification = "MulticlassClassification";
        }

        public static class ScoreValueKind
        {
            public const string Score = "Score";
            public const string PredictedLabel = "PredictedLabel";
            public const string Probability = "Probability";
        }
    }
}
