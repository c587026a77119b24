using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="AttributionRobustnessMetrics"/>: two sources of rows, one fold.</summary>
internal static class AttributionRobustnessEvaluator
{
    /// <summary>Attacks every row of a scored view.</summary>
    public static AttributionRobustnessMetrics Attack(IHostEnvironment env, IDataView scored, AttributionRobustnessOptions options)
    {
        (ScoredRows view, RobustnessMeasurement measurement) = Bind(env, scored, options, Shard.Whole);
        return Of(Measure(view, measurement).SelectMany(batch => batch.Result), view, options);
    }

    /// <summary>Attacks the rows of one shard.</summary>
    public static MeasuredShard AttackShard(IHostEnvironment env, IDataView scored, AttributionRobustnessOptions options, Shard shard)
    {
        (ScoredRows view, RobustnessMeasurement measurement) = Bind(env, scored, options, shard);
        return view.Keep(Measure(view, measurement), Settings(view, options));
    }

    /// <summary>Computes the metrics from all shards of a scored view, whose rows are read to compare them.</summary>
    public static AttributionRobustnessMetrics Attack(
        IHostEnvironment env, IDataView scored, AttributionRobustnessOptions options, IReadOnlyList<MeasuredShard> shards)
    {
        (ScoredRows view, _) = Bind(env, scored, options, Shard.Whole);
        return Of(
            view.Together(shards, Settings(view, options)).SelectMany(batch => batch.Read<RobustnessRow[]>()), view, options);
    }

    /// <summary>Computes the metrics from the columns of a view that was attacked before.</summary>
    public static AttributionRobustnessMetrics Read(IHostEnvironment env, IDataView attacked, AttributionRobustnessColumns columns)
    {
        CheckLabelled(columns.CorrectlyClassifiedOnly, columns.LabelColumnName);
        DataViewSchema schema = attacked.Schema;
        RequireAttack(schema, columns);
        KeyColumn after = KeyColumn.Bind(schema, columns.AttackedPredictedLabelColumnName);
        SimilarityColumn[] similarities = [.. SimilaritiesOf(schema, columns.SimilarityColumnNames)];
        IReadOnlyList<string> classNames = ClassNames.Of(schema[after.Index])?.Names
            ?? [.. Enumerable.Range(1, after.Count).Select(number => number.ToString())];
        return AttributionRobustnessMetrics.Of(
            Rows(env, attacked, columns, after, similarities), classNames, similarities, new MeasuredAttack(columns.CorrectlyClassifiedOnly),
            fromColumns: true,
            knowsUnchanged: schema.GetColumnOrNull(columns.UnchangedColumnName) is not null);
    }

    private static (ScoredRows View, RobustnessMeasurement Measurement) Bind(
        IHostEnvironment env, IDataView scored, AttributionRobustnessOptions options, Shard shard)
    {
        CheckLabelled(options.CorrectlyClassifiedOnly, options.LabelColumnName);
        var view = new ScoredRows(
            env, scored, "EvaluateAttributionRobustness", options.ScoreColumnName, options.ImageColumnName, options.LabelColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            Shard = shard,
            Progress = options.Progress,
            CancellationToken = options.CancellationToken,
        };
        var measurement = new RobustnessMeasurement
        {
            Attacks = [options.Attack],
            Map = new SaliencyMap(options.Method, options.Reduction),
            Similarities = [.. options.Similarities.Select(column => column.Similarity)],
            Controls = options.Controls,
            KeepKeys = true,
            KeepMaps = options.OtherImages,
        };
        MapSize.Check(nameof(options.Attack), options.Attack, view.Network.Input);
        MapSize.Check(nameof(options.Similarities), measurement.Similarities, view.Network.Input);
        return (view, measurement);
    }

    private static IEnumerable<(long Batch, RobustnessRow[] Result)> Measure(ScoredRows view, RobustnessMeasurement measurement)
        => view.MeasureBatches((network, images, labels, generator, places) => measurement
            .MeasureBatch(network, images, labels, generator, places)
            .Select(row => row with { Similarities = [.. row.Similarities.Select(value => (double)(float)value)] }) // as columns hold them
            .ToArray());

    private static AttributionRobustnessMetrics Of(IEnumerable<RobustnessRow> rows, ScoredRows view, AttributionRobustnessOptions options)
        => AttributionRobustnessMetrics.Of(
            rows,
            view.ClassNames,
            options.Similarities,
            new MeasuredAttack(options.CorrectlyClassifiedOnly, options.Attack, options.Method, options.Reduction, options.OtherImages)
            {
                Controls = options.Controls,
            });

    private static IReadOnlyList<ShardSetting> Settings(ScoredRows view, AttributionRobustnessOptions options) => view
        .Settings("attribution robustness")
        .WithComponent("attack", options.Attack)
        .WithComponent("attribution", options.Method)
        .WithComponent("map", options.Reduction)
        .WithComponents("measures", options.Similarities)
        .WithComponents("controls", options.Controls)
        .With("maps of other images", options.OtherImages)
        .All;

    private static void CheckLabelled(bool correctlyClassifiedOnly, string? labelColumnName)
    {
        if (correctlyClassifiedOnly && labelColumnName is null)
        {
            throw new ArgumentException("CorrectlyClassifiedOnly is set, which needs LabelColumnName; it is null.", nameof(labelColumnName));
        }
    }

    /// <summary>Throws where columns of an attack are missing, and says how to have one.</summary>
    private static void RequireAttack(DataViewSchema schema, AttributionRobustnessColumns columns)
    {
        (string Option, string Name)[] missing =
        [
            .. new[]
            {
                (nameof(columns.AttackedPredictedLabelColumnName), columns.AttackedPredictedLabelColumnName),
                (nameof(columns.ValidColumnName), columns.ValidColumnName),
            }.Where(column => schema.GetColumnOrNull(column.Item2) is null),
        ];
        if (missing.Length > 0)
        {
            string names = string.Join(" and ", missing.Select(column => $"'{column.Name}' ({column.Option})"));
            throw new ArgumentOutOfRangeException(
                nameof(columns),
                $"Without an attack EvaluateAttributionRobustness reads what AttributionAttack made, and the data has no column {names}."
                + " Pass an attack, EvaluateAttributionRobustness(data, new TopKAttack()); or append mlContext.Transforms.AttributionAttack() to the"
                + " pipeline; or set these options where the columns have other names.");
        }
    }

    private static IEnumerable<RobustnessRow> Rows(
        IHostEnvironment env, IDataView attacked, AttributionRobustnessColumns columns, KeyColumn after, SimilarityColumn[] similarities)
    {
        DataViewSchema schema = attacked.Schema;
        KeyColumn? label = columns.LabelColumnName is { } name ? KeyColumn.Bind(schema, name) : null;
        (DataViewSchema.Column predicted, Func<DataViewRow, Func<long>> openPredicted) = Predictions(schema, columns);
        DataViewSchema.Column valid = SchemaColumns.Require(schema, columns.ValidColumnName, "a Boolean column");
        DataViewSchema.Column? unchanged = schema.GetColumnOrNull(columns.UnchangedColumnName);
        DataViewSchema.Column[] compared = Array.ConvertAll(similarities, column => schema[column.ColumnName]);
        using DataViewRowCursor cursor = attacked.GetRowCursor(
            [.. compared, valid, predicted, schema[after.Index], .. label is null ? [] : new[] { schema[label.Index] }, .. Optional(unchanged)]);
        Func<long>? readLabel = label?.Open(cursor);
        Func<long> readPredicted = openPredicted(cursor);
        Func<long> readAfter = after.Open(cursor);
        ValueGetter<bool> readValid = cursor.GetGetter<bool>(valid);
        ValueGetter<bool>? readUnchanged = unchanged is { } column ? cursor.GetGetter<bool>(column) : null;
        ValueGetter<float>[] readSimilarities = Array.ConvertAll(compared, column => cursor.GetGetter<float>(column));
        while (cursor.MoveNext())
        {
            HostSettings.CheckAlive(env);
            bool found = false, same = false;
            readValid(ref found);
            readUnchanged?.Invoke(ref same);
            yield return new RobustnessRow
            {
                Image = cursor.Position,
                Attack = 0,
                Label = readLabel?.Invoke() ?? -1,
                PredictedBefore = readPredicted(),
                PredictedAfter = readAfter(),
                Valid = found,
                Unchanged = same,
                Similarities = Array.ConvertAll(readSimilarities, getter =>
                {
                    float value = float.NaN;
                    getter(ref value);
                    return (double)value;
                }),
            };
        }
    }

    private static DataViewSchema.Column[] Optional(DataViewSchema.Column? column) => column is { } found ? [found] : [];

    /// <summary>The column of the class predicted before the attack, and how to read it.</summary>
    private static (DataViewSchema.Column Column, Func<DataViewRow, Func<long>> Open) Predictions(
        DataViewSchema schema, AttributionRobustnessColumns columns)
    {
        if (columns.PredictedLabelColumnName is { } name)
        {
            KeyColumn key = KeyColumn.Bind(schema, name);
            return (schema[key.Index], key.Open);
        }

        DataViewSchema.Column score = SchemaColumns.Require(schema, columns.ScoreColumnName, "the column of class scores");
        if (score.Type is not VectorDataViewType { ItemType: var item } || item != NumberDataViewType.Single)
        {
            throw new ArgumentOutOfRangeException(
                nameof(columns), $"Score column '{score.Name}' holds {score.Type}; needed is a vector of Single.");
        }

        return (score, row => LargestScore(row, score));
    }

    /// <summary>Reads the class of the largest score.</summary>
    private static Func<long> LargestScore(DataViewRow row, DataViewSchema.Column score)
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

    private static IEnumerable<SimilarityColumn> SimilaritiesOf(DataViewSchema schema, IReadOnlyList<string>? names)
    {
        foreach (DataViewSchema.Column column in names is null
            ? schema.Where(column => !column.IsHidden && IsSimilarity(column))
            : names.Select(name => SchemaColumns.Require(schema, name, "a similarity column that AttributionAttack made")))
        {
            if (!IsSimilarity(column) || column.Type != NumberDataViewType.Single)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(schema),
                    $"Column '{column.Name}' is not one that AttributionAttack made, or a later transform dropped what it measures.");
            }

            ReadOnlyMemory<char> json = default;
            column.Annotations.GetValue(SimilarityColumn.AnnotationKind, ref json);
            yield return new SimilarityColumn(column.Name, ComponentJson.Read<IMapSimilarity>(json.ToString()));
        }

        static bool IsSimilarity(DataViewSchema.Column column)
            => column.Annotations.Schema.GetColumnOrNull(SimilarityColumn.AnnotationKind) is not null;
    }
}
