using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using StandIns.FreshProcess;

namespace StandIns.Tests.MLNet;

/// <summary>Every built-in estimator over the same rows: what is saved must be loaded, here and in another process.</summary>
internal static class Pipelines
{
    public static IReadOnlyDictionary<string, Func<MLContext, IEstimator<ITransformer>>> All { get; } = new Dictionary<string, Func<MLContext, IEstimator<ITransformer>>>
    {
        ["CopyColumns"] = context => context.Transforms.CopyColumns("Copy", "Vector"),
        ["SelectColumns"] = context => context.Transforms.SelectColumns("Text", "Number"),
        ["SelectColumns with hidden ones"] = context => context.Transforms.CopyColumns("Number", "Number")
            .Append(context.Transforms.SelectColumns(["Number"], keepHidden: true)),
        ["DropColumns"] = context => context.Transforms.DropColumns("Text"),
        ["Concatenate"] = context => context.Transforms.Concatenate("All", "Number", "Vector"),
        ["MapValueToKey of text"] = context => context.Transforms.Conversion.MapValueToKey("Label", "Text"),
        ["MapValueToKey by value"] = context => context.Transforms.Conversion
            .MapValueToKey("Label", "Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue),
        ["MapValueToKey of numbers"] = context => context.Transforms.Conversion.MapValueToKey("Label", "Number"),
        ["MapValueToKey of numbers as text"] = context => context.Transforms.Conversion
            .MapValueToKey("Label", "Number", addKeyValueAnnotationsAsText: true),
        ["MapValueToKey of Booleans"] = context => context.Transforms.Conversion.MapValueToKey("Label", "Flag"),
        ["MapValueToKey of keys"] = context => context.Transforms.Conversion.MapValueToKey("Label", "Key"),
        ["MapValueToKey of several"] = context => context.Transforms.Conversion
            .MapValueToKey([new InputOutputColumnPair("A", "Text"), new InputOutputColumnPair("B", "Vector")]),
        ["MapKeyToValue"] = context => context.Transforms.Conversion.MapValueToKey("Label", "Text")
            .Append(context.Transforms.Conversion.MapKeyToValue("Back", "Label")),
        ["ConvertType"] = context => context.Transforms.Conversion.ConvertType("Out", "Vector", DataKind.Double),
        ["NormalizeMinMax"] = context => context.Transforms.NormalizeMinMax("Out", "Vector"),
        ["CustomMapping"] = context => context.Transforms.CustomMapping(new LengthMapping().GetMapping(), LengthMapping.Contract),
    };

    public static IDataView Data(MLContext context) => context.Data.LoadFromEnumerable(
        Enumerable.Range(0, 5).Select(i => new Row { Number = i / 4f, Text = $"t{i % 3}", Vector = [i, -i * i], Flag = i > 2, Key = (uint)(3 - (i % 3)) }).ToArray());

    /// <summary>The schema and all values, as text.</summary>
    public static string Describe(IDataView data)
    {
        var preview = data.Preview();
        var columns = data.Schema.Select(column => $"{column} {(column.IsHidden ? "hidden" : "")} {KeyValues(column)}");
        var rows = preview.RowView.Select(row => string.Join("; ", row.Values.Select(value => Text(value.Value))));
        return string.Join('\n', columns.Concat(rows));
    }

    private static string KeyValues(DataViewSchema.Column column)
    {
        if (!column.HasKeyValues())
            return "";
        VBuffer<ReadOnlyMemory<char>> values = default;
        column.GetKeyValues(ref values);
        return Text(values);
    }

    private static string Text(object value) => value switch
    {
        VBuffer<float> vector => string.Join(',', vector.DenseValues().Select(item => item.ToString("R", CultureInfo.InvariantCulture))),
        VBuffer<double> vector => string.Join(',', vector.DenseValues().Select(item => item.ToString("R", CultureInfo.InvariantCulture))),
        VBuffer<uint> vector => string.Join(',', vector.DenseValues()),
        VBuffer<ReadOnlyMemory<char>> vector => string.Join(',', vector.DenseValues()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    public sealed class Row
    {
        public float Number { get; set; }

        public string Text { get; set; } = "";

        [VectorType(2)]
        public float[] Vector { get; set; } = [0, 0];

        public bool Flag { get; set; }

        [KeyType(4)]
        public uint Key { get; set; }
    }
}
