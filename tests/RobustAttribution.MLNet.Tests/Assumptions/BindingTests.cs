using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>How ML.NET binds transformers to schemas, and when it disposes of them.</summary>
[TestClass]
public sealed class BindingTests
{
    private readonly MLContext context = new(seed: 1);

    [TestMethod]
    public void SchemasAreComparedByReference()
    {
        (ProbeView first, ProbeView equal) = (new(1), new(1));
        ITransformer copying = context.Transforms.CopyColumns("Copy", "Number").Fit(first);
        IRowToRowMapper mapper = copying.GetRowToRowMapper(first.Schema);
        using DataViewRowCursor cursor = first.GetRowCursor(first.Schema), other = equal.GetRowCursor(equal.Schema);
        using DataViewRow row = mapper.GetRow(cursor, mapper.OutputSchema);
        Assert.AreSame(mapper.OutputSchema, row.Schema);
        Assert.Throws<Exception>(() => mapper.GetRow(other, mapper.OutputSchema));
    }

    [TestMethod]
    public void AReplacedColumnStaysInTheSchemaHidden()
    {
        var probe = new ProbeView(3);
        IDataView data = context.Transforms.NormalizeMinMax("Number").Fit(probe).Transform(probe);
        bool[] hidden = [.. data.Schema.Where(column => column.Name == "Number").Select(column => column.IsHidden)];
        CollectionAssert.AreEqual(new[] { true, false }, hidden);
    }

    [TestMethod]
    public void ATransformerChainBindsTwice()
    {
        List<string> log = [];
        new TransformerChain<ITransformer>(new Step("a", log), new Step("b", log)).Transform(new ProbeView(1));
        CollectionAssert.AreEqual(new[] { "a schema", "b schema", "a transform", "b transform" }, log);
    }

    [TestMethod]
    public void MapKeyToValueWantsThePromiseOfKeyValues()
    {
        IEstimator<ITransformer> estimator = context.Transforms.Conversion.MapKeyToValue("Key");
        Assert.AreEqual(TextDataViewType.Instance, Promised(ShapeColumns.Vector("KeyValues", TextDataViewType.Instance)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Promised());

        DataViewType Promised(params SchemaShape.Column[] annotations)
        {
            var key = new SchemaShape([ShapeColumns.Scalar("Key", NumberDataViewType.UInt32, isKey: true, annotations)]);
            return estimator.GetOutputSchema(key).Single().ItemType;
        }
    }

    [TestMethod]
    public void KeysCountFromOneAndZeroIsMissing()
    {
        IDataView keys = context.Transforms.Conversion.MapValueToKey("Number").Fit(new ProbeView(2)).Transform(new ProbeView(3));
        CollectionAssert.AreEqual(new uint[] { 1, 2, 0 }, keys.GetColumn<uint>("Number").ToArray());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void APredictionEngineDisposesOfItsTransformerUnlessOwnsTransformerIsFalse(bool owns)
    {
        List<string> log = [];
        var step = new Step("a", log) { Inner = context.Transforms.CopyColumns("Copy", "Number").Fit(new ProbeView(1)) };
        var options = owns ? new PredictionEngineOptions() : new PredictionEngineOptions { OwnsTransformer = false };
        context.Model.CreatePredictionEngine<Input, Output>(step, options).Dispose();
        Assert.AreEqual(owns ? 1 : 0, log.Count(entry => entry == "a dispose"));
    }

    [TestMethod]
    public void SavingAModelThatFailsLeavesNothingOfTheFormerFile()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "the former model");
            Assert.Throws<NotSupportedException>(() => context.Model.Save(new Step("a", []), new ProbeView(1).Schema, path));
            Assert.AreNotEqual("the former model", File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void ARowMapperIsAskedForActiveColumnsOnly()
    {
        Mapped[] rows = [new(), new(), new()];
        IDataView data = context.Data.LoadFromEnumerable(rows);
        IDataView boxes = context.Transforms.SaliencyLocalization(imageColumnName: null).Fit(data).Transform(data); // by a row mapper
        CollectionAssert.AreEqual(new[] { 5f, 5f, 5f }, boxes.GetColumn<float>("Number").ToArray());
        Assert.AreEqual(0, rows.Sum(row => row.Reads));
        Assert.HasCount(3, boxes.GetColumn<float[]>("PredictedBox").ToArray());
        Assert.AreEqual(3, rows.Sum(row => row.Reads));
        using DataViewRowCursor cursor = boxes.GetRowCursor([boxes.Schema["PredictedBox"]]);
        Assert.IsFalse(cursor.IsColumnActive(boxes.Schema["Number"]));
    }

    private sealed class Mapped
    {
        public int Reads { get; private set; }

        public float Number => 5;

        [VectorType(2, 2)]
        public float[] Saliency
        {
            get
            {
                Reads++;
                return [0, 0, 0, 1];
            }
        }
    }

    private sealed class Input
    {
        public float Number { get; set; }
    }

    private sealed class Output
    {
        public float Copy { get; set; }
    }

    /// <summary>A transformer that changes nothing and says when it is asked.</summary>
    private sealed class Step(string name, List<string> log) : ITransformer, IDisposable
    {
        public ITransformer? Inner { get; init; }

        public bool IsRowToRowMapper => Inner is not null;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Logged("schema", inputSchema);

        public IDataView Transform(IDataView input) => Logged("transform", input);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => Inner!.GetRowToRowMapper(inputSchema);

        public void Save(ModelSaveContext ctx) => throw new NotSupportedException();

        public void Dispose() => Logged("dispose", this);

        private T Logged<T>(string what, T value)
        {
            log.Add($"{name} {what}");
            return value;
        }
    }
}
