using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>Which operations of ML.NET hand on a column's own annotation: that is how the trained network travels.</summary>
[TestClass]
public sealed class AnnotationTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly TransformsCatalog Transforms = Context.Transforms;

    private static readonly Dictionary<string, (Func<IDataView, IDataView> Apply, string Column)> Keeping = new()
    {
        ["CopyColumns"] = (Applied(Transforms.CopyColumns("Copy", "Number")), "Copy"),
        ["SelectColumns"] = (Applied(Transforms.SelectColumns("Number")), "Number"),
        ["DropColumns"] = (Applied(Transforms.DropColumns("Image")), "Number"),
        ["keys of another column and back"] = (
            Applied(Transforms.Conversion.MapValueToKey("Key", "Number").Append(Transforms.Conversion.MapKeyToValue("Key"))), "Number"),
        ["Cache"] = (data => Context.Data.Cache(data), "Number"),
        ["TakeRows"] = (data => Context.Data.TakeRows(data, 2), "Number"),
        ["SkipRows"] = (data => Context.Data.SkipRows(data, 2), "Number"),
        ["ShuffleRows"] = (data => Context.Data.ShuffleRows(data), "Number"),
        ["FilterRowsByColumn"] = (data => Context.Data.FilterRowsByColumn(data, "Number", 1), "Number"),
        ["TrainTestSplit"] = (data => Context.Data.TrainTestSplit(data, 0.5).TestSet, "Number"),
    };

    private static readonly Dictionary<string, Func<IDataView, IDataView>> Losing = new()
    {
        ["ConvertType"] = Applied(Transforms.Conversion.ConvertType("Number", outputKind: DataKind.Double)),
        ["NormalizeMinMax"] = Applied(Transforms.NormalizeMinMax("Number")),
        ["Concatenate"] = Applied(Transforms.Concatenate("Number", "Number", "Number")),
        ["MapValueToKey"] = Applied(Transforms.Conversion.MapValueToKey("Number")),
    };

    public static IEnumerable<string> Keepers => Keeping.Keys;

    public static IEnumerable<string> Losers => Losing.Keys;

    [TestMethod]
    [DynamicData(nameof(Keepers))]
    public void WhatHandsAColumnOnKeepsItsAnnotations(string operation)
    {
        (Func<IDataView, IDataView> apply, string column) = Keeping[operation];
        ProbeView.Handle? found = null;
        apply(new ProbeView(10)).Schema[column].Annotations.GetValue("Network", ref found!);
        Assert.AreEqual(7, found.Id);
    }

    [TestMethod]
    [DynamicData(nameof(Losers))]
    public void WhatComputesANewColumnLosesThem(string operation)
        => Assert.IsNull(Losing[operation](new ProbeView(10)).Schema["Number"].Annotations.Schema.GetColumnOrNull("Network"));

    [TestMethod]
    public void DataFilesAndTheInputSchemaOfModelFilesKeepOnlyWhatTheyCanStore()
    {
        var probe = new ProbeView(10);
        using MemoryStream data = new(), model = new();
        Context.Data.SaveAsBinary(probe, data);
        Context.Model.Save(Transforms.CopyColumns("Copy", "Number").Fit(probe), probe.Schema, model);
        model.Position = 0;
        Context.Model.Load(model, out DataViewSchema stored);
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, data.ToArray());
        DataViewSchema read = Context.Data.LoadFromBinary(path).Schema;
        File.Delete(path);
        Assert.AreEqual(("Size", "Size"), (Annotations(read), Annotations(stored)));

        static string Annotations(DataViewSchema schema)
            => string.Join(", ", schema["Number"].Annotations.Schema.Select(annotation => annotation.Name));
    }

    [TestMethod]
    public void CacheAndShuffleRowsDropImageColumns()
    {
        Assert.IsNull(Context.Data.Cache(new ProbeView(1)).Schema.GetColumnOrNull("Image"));
        Assert.IsNull(Context.Data.ShuffleRows(new ProbeView(1)).Schema.GetColumnOrNull("Image"));
    }

    private static Func<IDataView, IDataView> Applied<T>(IEstimator<T> estimator)
        where T : ITransformer
        => data => estimator.Fit(data).Transform(data);
}
