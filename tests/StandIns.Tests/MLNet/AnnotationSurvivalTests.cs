using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

/// <summary>
/// Which operations hand a column's own annotation, here a handle, on to what comes after. The product's transforms find the network that
/// made a score in such an annotation.
/// </summary>
[TestClass]
public sealed class AnnotationSurvivalTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void TakingKeepsIt() => AssertKept(_context.Data.TakeRows(Source(), 2), "Number");

    [TestMethod]
    public void SkippingKeepsIt() => AssertKept(_context.Data.SkipRows(Source(), 2), "Number");

    [TestMethod]
    public void ShufflingKeepsIt() => AssertKept(_context.Data.ShuffleRows(Source()), "Number");

    [TestMethod]
    public void CachingKeepsIt() => AssertKept(_context.Data.Cache(Source()), "Number");

    [TestMethod]
    public void FilteringKeepsIt() => AssertKept(_context.Data.FilterRowsByColumn(Source(), "Number", 1), "Number");

    [TestMethod]
    public void SplittingKeepsIt() => AssertKept(_context.Data.TrainTestSplit(Source(), 0.5).TestSet, "Number");

    [TestMethod]
    public void CopyingKeepsIt() => AssertKept(Apply(_context.Transforms.CopyColumns("Copy", "Number")), "Copy");

    [TestMethod]
    public void SelectingKeepsIt() => AssertKept(Apply(_context.Transforms.SelectColumns("Number")), "Number");

    [TestMethod]
    public void DroppingOthersKeepsIt() => AssertKept(Apply(_context.Transforms.DropColumns("Square")), "Number");

    [TestMethod]
    public void MappingOtherColumnsToKeysAndBackKeepsIt()
        => AssertKept(
            Apply(_context.Transforms.Conversion.MapValueToKey("Square").Append(_context.Transforms.Conversion.MapKeyToValue("Square"))), "Number");

    [TestMethod]
    public void ACustomMappingOfOtherColumnsKeepsIt()
        => AssertKept(Apply(_context.Transforms.CustomMapping<Row, Added>((row, added) => added.Sum = row.Square, null!)), "Number");

    [TestMethod]
    public void ConvertingLosesIt() => AssertLost(Apply(_context.Transforms.Conversion.ConvertType("Number", outputKind: DataKind.Double)), "Number");

    [TestMethod]
    public void NormalisingLosesIt() => AssertLost(Apply(_context.Transforms.NormalizeMinMax("Number")), "Number");

    [TestMethod]
    public void MappingTheColumnItselfToKeysLosesIt() => AssertLost(Apply(_context.Transforms.Conversion.MapValueToKey("Number")), "Number");

    [TestMethod]
    public void JoiningLosesIt() => AssertLost(Apply(_context.Transforms.Concatenate("Both", "Number", "Square")), "Both");

    [TestMethod]
    public void ABinaryFileLosesIt()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(path))
                _context.Data.SaveAsBinary(Source(), stream);
            var loaded = _context.Data.LoadFromBinary(path);
            AssertLost(loaded, "Number");
            int size = 0;
            loaded.Schema["Number"].Annotations.GetValue("Size", ref size);
            Assert.AreEqual(28, size, "annotations of storable types stay");
            Assert.IsNull(loaded.Schema.GetColumnOrNull("Handle"), "columns of other types do not");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void TheSchemaInAModelFileLosesIt()
    {
        var source = Source();
        using var file = new MemoryStream();
        _context.Model.Save(_context.Transforms.CopyColumns("Copy", "Number").Fit(source), source.Schema, file);
        file.Position = 0;
        _context.Model.Load(file, out var schema);
        CollectionAssert.AreEqual(new[] { "Number", "Square" }, schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "Size" }, schema["Number"].Annotations.Schema.Select(annotation => annotation.Name).ToArray());
    }

    private static ProbeView Source()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add<Handle>("Network", HandleType.Instance, (ref Handle value) => value = new Handle(7));
        annotations.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28);
        return new ProbeView(10, numberAnnotations: annotations.ToAnnotations());
    }

    private static IDataView Apply<TTransformer>(IEstimator<TTransformer> estimator)
        where TTransformer : ITransformer
    {
        var source = Source();
        return estimator.Fit(source).Transform(source);
    }

    private static void AssertKept(IDataView data, string column)
    {
        Handle? handle = null;
        data.Schema[column].Annotations.GetValue("Network", ref handle!);
        Assert.AreEqual(7, handle.Id);
        Assert.IsNotEmpty(data.GetColumn<float>(column).ToArray());
    }

    private static void AssertLost(IDataView data, string column)
        => Assert.IsNull(data.Schema[column].Annotations.Schema.GetColumnOrNull("Network"));

    private sealed class Row
    {
        public float Square { get; set; }
    }

    private sealed class Added
    {
        public float Sum { get; set; }
    }
}
