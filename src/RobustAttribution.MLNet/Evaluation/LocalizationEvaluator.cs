using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="LocalizationMetrics"/>.</summary>
internal static class LocalizationEvaluator
{
    public static LocalizationMetrics Measure(IHostEnvironment env, IDataView data, LocalizationColumns columns, IDataView? validation)
    {
        LocalizationCounts measured = Read(env, data, columns);
        if (validation is null)
        {
            return new LocalizationMetrics(measured, 0, validated: false);
        }

        LocalizationCounts tuned = Read(env, validation, columns);
        if (tuned.Rows == 0 || !tuned.Thresholds.SequenceEqual(measured.Thresholds))
        {
            throw new ArgumentException(
                tuned.Rows == 0
                    ? "The validation data have no rows with a label and a true box."
                    : $"The validation boxes have the thresholds {Text(tuned.Thresholds)}; those of the data are {Text(measured.Thresholds)}.",
                nameof(validation));
        }

        return new LocalizationMetrics(measured, tuned.BestIndex(), validated: true);
    }

    private static LocalizationCounts Read(IHostEnvironment env, IDataView data, LocalizationColumns columns)
    {
        DataViewSchema schema = data.Schema;
        KeyColumn label = KeyColumn.Bind(schema, columns.LabelColumnName);
        KeyColumn predicted = KeyColumn.Bind(schema, columns.PredictedLabelColumnName);
        if (label.Count != predicted.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(columns),
                $"Label column '{label.Name}' has {label.Count} classes, '{predicted.Name}' has {predicted.Count}; they must have the same.");
        }

        DataViewSchema.Column truth = SchemaColumns.Require(schema, columns.BoxColumnName, "the column of true boxes");
        if (!BoxVectors.Are(truth.Type) || ((VectorDataViewType)truth.Type).Size != 4)
        {
            throw new ArgumentOutOfRangeException(
                nameof(columns),
                $"Box column '{truth.Name}' holds {truth.Type}; needed are vectors of 4 values of Single: left, top, right, bottom.");
        }

        (DataViewSchema.Column found, float[] thresholds) = Predictions(schema, columns.PredictedBoxColumnName);
        (DataViewSchema.Column known, float[] knownThresholds) =
            Predictions(schema, columns.KnownClassBoxColumnName ?? columns.PredictedBoxColumnName);
        if (!thresholds.SequenceEqual(knownThresholds))
        {
            throw new ArgumentOutOfRangeException(
                nameof(columns),
                $"Columns '{found.Name}' and '{known.Name}' have other thresholds: {Text(thresholds)} and {Text(knownThresholds)}.");
        }

        var counts = new LocalizationCounts(Array.ConvertAll(thresholds, threshold => Math.Round((double)threshold, 6)), columns.MinimumOverlap);
        using DataViewRowCursor cursor = data.GetRowCursor([schema[label.Index], schema[predicted.Index], truth, found, known]);
        Func<long> readLabel = label.Open(cursor);
        Func<long> readPredicted = predicted.Open(cursor);
        Func<BoundingBox[]> readTruth = Boxes(cursor, truth);
        Func<BoundingBox[]> readFound = Boxes(cursor, found);
        Func<BoundingBox[]> readKnown = known.Index == found.Index ? readFound : Boxes(cursor, known);
        while (cursor.MoveNext())
        {
            HostSettings.CheckAlive(env);
            counts = counts.Add(readLabel(), readPredicted(), readTruth()[0], readFound(), readKnown());
        }

        return counts;
    }

    private static (DataViewSchema.Column Column, float[] Thresholds) Predictions(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = SchemaColumns.Require(schema, name, "a column of boxes that SaliencyLocalization made");
        if (!BoxVectors.Are(column.Type) || column.Annotations.Schema.GetColumnOrNull(SaliencyLocalizationMapper.ThresholdsKind) is null)
        {
            throw new ArgumentOutOfRangeException(
                nameof(name), $"Column '{name}' is not one that SaliencyLocalization made, or a later transform dropped what its boxes are.");
        }

        VBuffer<float> thresholds = default;
        column.Annotations.GetValue(SaliencyLocalizationMapper.ThresholdsKind, ref thresholds);
        return (column, [.. thresholds.DenseValues()]);
    }

    private static string Text<T>(IEnumerable<T> thresholds) => string.Join(", ", thresholds);

    private static Func<BoundingBox[]> Boxes(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(column);
        VBuffer<float> value = default;
        return () =>
        {
            getter(ref value);
            return BoxVectors.Read(value);
        };
    }
}
