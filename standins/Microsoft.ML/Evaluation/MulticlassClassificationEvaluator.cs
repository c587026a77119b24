using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Compares the scores of a data view with its labels, in one pass.</summary>
internal sealed class MulticlassClassificationEvaluator
{
    private readonly IHost _host;
    private readonly int _topK;

    internal MulticlassClassificationEvaluator(IHostEnvironment env, int topK)
    {
        _host = env.Register("MultiClassClassifierEvaluator");
        _topK = topK;
    }

    internal MulticlassClassificationMetrics Evaluate(IDataView data, string label, string score, string predictedLabel)
    {
        var labelColumn = Find(data.Schema, "Label", label);
        var scoreColumn = Find(data.Schema, "Score", score);
        _ = Find(data.Schema, "PredictedLabel", predictedLabel);
        var classes = CheckTypes(labelColumn, scoreColumn);

        var counters = new MulticlassCounters(classes);
        using (var cursor = data.GetRowCursor([labelColumn, scoreColumn]))
            Count(cursor, labelColumn, scoreColumn, counters);
        var matrix = new ConfusionMatrix(_host, counters.Confusion, ClassNames(scoreColumn, classes));
        return new MulticlassClassificationMetrics(counters, _topK, matrix);
    }

    private static DataViewSchema.Column Find(DataViewSchema schema, string role, string name) =>
        schema.GetColumnOrNull(name) ?? throw Contracts.ExceptParam(nameof(schema), $"{role} column '{name}' not found");

    private int CheckTypes(DataViewSchema.Column label, DataViewSchema.Column score)
    {
        if (score.Type is not VectorDataViewType { Size: >= 2 } scores || scores.ItemType != NumberDataViewType.Single)
            throw _host.ExceptSchemaMismatch("schema", "score", score.Name, "vector of two or more items of type Single", score.Type.ToString());
        if (label.Type != NumberDataViewType.Single && label.Type.GetKeyCount() == 0)
            throw _host.ExceptSchemaMismatch("schema", "label", label.Name, "Single or Key", label.Type.ToString());
        return scores.Size;
    }

    private static void Count(DataViewRowCursor cursor, DataViewSchema.Column labelColumn, DataViewSchema.Column scoreColumn, MulticlassCounters counters)
    {
        var getLabel = LabelGetter.Create(cursor, labelColumn);
        var getScores = cursor.GetGetter<VBuffer<float>>(scoreColumn);
        var label = 0f;
        var scores = default(VBuffer<float>);
        var dense = default(VBuffer<float>);
        while (cursor.MoveNext())
        {
            getLabel(ref label);
            if (!(label >= 0) || label != (int)label)
                continue; // missing, negative or between two classes
            getScores(ref scores);
            scores.CopyToDense(ref dense);
            var values = dense.GetValues();
            if (AllFinite(values))
                counters.Add(values, (int)label);
        }
    }

    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
                return false;
        }

        return true;
    }

    /// <summary>The score's slot names, or the numbers from 0 where it has none.</summary>
    private static string[] ClassNames(DataViewSchema.Column score, int classes)
    {
        var type = score.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.SlotNames)?.Type as VectorDataViewType;
        if (type is not { ItemType: TextDataViewType } || type.Size != classes)
            return Enumerable.Range(0, classes).Select(i => i.ToString()).ToArray();
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        score.Annotations.GetValue(AnnotationUtils.Kinds.SlotNames, ref names);
        return names.DenseValues().Select(name => name.ToString()).ToArray();
    }
}
