using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The images that a model is measured on, in memory.</summary>
/// <param name="Pixels">N·C·H·W values in [0, 1].</param>
/// <param name="Classes">The true classes.</param>
/// <param name="Ids">What the images are called.</param>
/// <param name="LeftOut">Rows without label or readable image.</param>
/// <param name="FirstProblem">Why the first of them was left out; null where none was.</param>
internal sealed record SampleImages(float[] Pixels, long[] Classes, string[] Ids, long LeftOut, string? FirstProblem)
{
    public int Count => Classes.Length;

    /// <exception cref="ArgumentException">There is no row with label and image.</exception>
    public static SampleImages Read(IHostEnvironment env, IDataView scored, NetworkHandle network, RobustnessReportOptions options)
    {
        ImageColumn images = ImageColumn.Bind(scored.Schema, network.Images.ColumnName, network.Input, network.Images.PixelScale, network.Images.Resize);
        KeyColumn labels = KeyColumn.Bind(scored.Schema, options.LabelColumnName);
        DataViewSchema.Column? id = scored.Schema.GetColumnOrNull(options.IdColumnName);
        List<DataViewSchema.Column> columns = [scored.Schema[images.Index], scored.Schema[labels.Index], .. id is { } named ? [named] : Array.Empty<DataViewSchema.Column>()];
        List<float> pixels = [];
        List<long> classes = [];
        List<string> ids = [];
        long leftOut = 0;
        string? problem = null;
        float[] image = new float[network.Input.ValueCount];
        using DataViewRowCursor cursor = scored.GetRowCursor(columns);
        ImageRowReader reader = images.Open(cursor);
        Func<long> readLabel = labels.Open(cursor);
        Func<string> readId = IdReader(cursor, id);
        while (cursor.MoveNext())
        {
            HostSettings.CheckAlive(env);
            options.CancellationToken.ThrowIfCancellationRequested();
            long label = readLabel();
            string? broken = label < 0 ? $"Row {cursor.Position} has no label." : null;
            try
            {
                reader.Read(image);
            }
            catch (BrokenImageException error)
            {
                broken = error.Message;
            }

            if (broken is not null)
            {
                leftOut++;
                problem ??= broken;
                continue;
            }

            pixels.AddRange(image);
            classes.Add(label);
            ids.Add(readId());
        }

        return classes.Count > 0
            ? new SampleImages([.. pixels], [.. classes], [.. ids], leftOut, problem)
            : throw new ArgumentException(problem is null ? "The view has no row to measure." : $"The view has no row with a label and an image: {problem}", nameof(scored));
    }

    private static Func<string> IdReader(DataViewRowCursor cursor, DataViewSchema.Column? column)
    {
        if (column is { Type: TextDataViewType } text)
        {
            ValueGetter<ReadOnlyMemory<char>> getter = cursor.GetGetter<ReadOnlyMemory<char>>(text);
            ReadOnlyMemory<char> value = default;
            return () =>
            {
                getter(ref value);
                return value.ToString();
            };
        }

        return column switch
        {
            { } number when number.Type == NumberDataViewType.Int64 => Number<long>(cursor, number),
            { } number when number.Type == NumberDataViewType.Int32 => Number<int>(cursor, number),
            _ => () => $"row {cursor.Position.ToString(CultureInfo.InvariantCulture)}",
        };
    }

    private static Func<string> Number<T>(DataViewRowCursor cursor, DataViewSchema.Column column)
        where T : struct, IFormattable
    {
        ValueGetter<T> getter = cursor.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return value.ToString(null, CultureInfo.InvariantCulture);
        };
    }
}
