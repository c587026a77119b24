using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="AttributionRobustnessMetrics"/>.</summary>
internal static class AttributionRobustnessEvaluator
{
    private const string CleanLabel = "__RobustAttributionPredictedLabel";

    /// <summary>Attacks every row of a scored view.</summary>
    public static AttributionRobustnessMetrics Attack(IHostEnvironment env, IDataView scored, AttributionRobustnessOptions options)
    {
        NetworkHandle network = NetworkHandle.Find(scored.Schema, options.ScoreColumnName, "EvaluateAttributionRobustness");
        if (options.LabelColumnName is { } label)
        {
            network.BindLabels(scored.Schema, label);
        }

        var transformer = new AttributionAttackTransformer(env, new()
        {
            Attack = options.Attack,
            Method = options.Method,
            Reduction = options.Reduction,
            Similarities = options.Similarities,
            OutputColumnName = null,
            CleanPredictedLabelColumnName = CleanLabel,
            ScoreColumnName = options.ScoreColumnName,
            ImageColumnName = options.ImageColumnName,
            Seed = options.Seed,
            BatchSize = options.BatchSize,
        });
        var columns = new AttributionRobustnessColumns
        {
            LabelColumnName = options.LabelColumnName,
            PredictedLabelColumnName = CleanLabel,
            SimilarityColumnNames = [.. options.Similarities.Select(similarity => similarity.ColumnName)],
            CorrectlyClassifiedOnly = options.CorrectlyClassifiedOnly,
        };
        return Measure(env, transformer.Transform(scored), columns, options.BatchSize ?? network.BatchSize, options.Progress, options.CancellationToken);
    }

    /// <summary>Computes the metrics from columns.</summary>
    public static AttributionRobustnessMetrics Measure(
        IHostEnvironment env, IDataView attacked, AttributionRobustnessColumns columns, int reportEvery, Action<long>? report, CancellationToken cancellationToken)
    {
        if (columns.CorrectlyClassifiedOnly && columns.LabelColumnName is null)
        {
            throw new ArgumentException("CorrectlyClassifiedOnly is set, which needs LabelColumnName; it is null.", nameof(columns));
        }

        DataViewSchema schema = attacked.Schema;
        KeyColumn? label = columns.LabelColumnName is { } name ? KeyColumn.Bind(schema, name) : null;
        (DataViewSchema.Column predicted, Func<DataViewRow, Func<long>> openPredicted) = Predictions(schema, columns);
        KeyColumn after = KeyColumn.Bind(schema, columns.AttackedPredictedLabelColumnName);
        DataViewSchema.Column valid = SchemaColumns.Require(schema, columns.ValidColumnName, "a Boolean column");
        (DataViewSchema.Column Column, IMapSimilarity Similarity)[] similarities = [.. SimilaritiesOf(schema, columns.SimilarityColumnNames)];
        string[] classNames = [.. ClassNames.Of(schema[after.Index])?.Names ?? Enumerable.Range(1, after.Count).Select(number => number.ToString())];
        var tally = new RobustnessTally(classNames, [.. similarities.Select(entry => (entry.Column.Name, entry.Similarity))], columns.CorrectlyClassifiedOnly);

        DataViewSchema.Column[] needed = [.. similarities.Select(entry => entry.Column), valid, predicted, schema[after.Index], .. label is null ? [] : new[] { schema[label.Index] }];
        using IProgressChannel progress = env.StartProgressChannel("EvaluateAttributionRobustness");
        progress.SetHeader(new ProgressHeader("rows"), entry => entry.SetProgress(0, tally.Rows));
        using DataViewRowCursor cursor = attacked.GetRowCursor(needed);
        Func<long>? readLabel = label?.Open(cursor);
        Func<long> readPredicted = openPredicted(cursor);
        Func<long> readAfter = after.Open(cursor);
        ValueGetter<bool> readValid = cursor.GetGetter<bool>(valid);
        ValueGetter<float>[] readSimilarities = Array.ConvertAll(similarities, entry => cursor.GetGetter<float>(entry.Column));
        float[] values = new float[similarities.Length];
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool found = false;
            readValid(ref found);
            for (int i = 0; i < values.Length; i++)
            {
                readSimilarities[i](ref values[i]);
            }

            tally.Add(readLabel?.Invoke() ?? -1, readPredicted(), readAfter(), found, values);
            if (tally.Rows % reportEvery == 0)
            {
                report?.Invoke(tally.Rows);
            }
        }

        if (tally.Rows % reportEvery != 0)
        {
            report?.Invoke(tally.Rows);
        }

        return tally.ToMetrics();
    }

    /// <summary>The column that tells the class predicted before the attack, and how to read it.</summary>
    private static (DataViewSchema.Column Column, Func<DataViewRow, Func<long>> Open) Predictions(DataViewSchema schema, AttributionRobustnessColumns columns)
    {
        if (columns.PredictedLabelColumnName is { } name)
        {
            KeyColumn key = KeyColumn.Bind(schema, name);
            return (schema[key.Index], key.Open);
        }

        DataViewSchema.Column score = SchemaColumns.Require(schema, columns.ScoreColumnName, "the column of class scores");
        if (score.Type is not VectorDataViewType { ItemType: var item } || item != NumberDataViewType.Single)
        {
            throw new ArgumentOutOfRangeException(nameof(columns), $"Score column '{score.Name}' holds {score.Type}; needed is a vector of Single.");
        }

        return (score, row => LargestScore(row, score));
    }

    /// <summary>Reads the class of the largest score.</summary>
    public static Func<long> LargestScore(DataViewRow row, DataViewSchema.Column score)
    {
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(score);
        VBuffer<float> scores = default;
        float[] dense = [];
        return () =>
        {
            getter(ref scores);
            Array.Resize(ref dense, scores.Length);
            scores.CopyTo(dense);
            return Array.IndexOf(dense, dense.Max());
        };
    }

    private static IEnumerable<(DataViewSchema.Column Column, IMapSimilarity Similarity)> SimilaritiesOf(DataViewSchema schema, IReadOnlyList<string>? names)
    {
        foreach (DataViewSchema.Column column in names is null
            ? schema.Where(column => !column.IsHidden && IsSimilarity(column))
            : names.Select(name => SchemaColumns.Require(schema, name, "a similarity column that AttributionAttack made")))
        {
            if (!IsSimilarity(column) || column.Type != NumberDataViewType.Single)
            {
                throw new ArgumentOutOfRangeException(nameof(schema), $"Column '{column.Name}' is not one that AttributionAttack made, or a later transform dropped what it measures.");
            }

            ReadOnlyMemory<char> json = default;
            column.Annotations.GetValue(SimilarityColumn.AnnotationKind, ref json);
            yield return (column, ComponentJson.Read<IMapSimilarity>(json.ToString()));
        }

        static bool IsSimilarity(DataViewSchema.Column column) => column.Annotations.Schema.GetColumnOrNull(SimilarityColumn.AnnotationKind) is not null;
    }
}
