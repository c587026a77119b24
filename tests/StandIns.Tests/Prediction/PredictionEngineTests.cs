using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace StandIns.Tests.Prediction;

[TestClass]
public sealed class PredictionEngineTests
{
    private sealed class Input
    {
        [VectorType(3, 2, 2)]
        public float[] Values { get; set; } = [];

        public string Name { get; set; } = "";
    }

    private sealed class OpenInput
    {
        public float[] Values { get; set; } = [];

        public string Name { get; set; } = "";
    }

    private sealed class Output
    {
        public float[] Pixels { get; set; } = [];

        public string Name { get; set; } = "";
    }

    private sealed class OutputWithMore
    {
        public float[] Pixels { get; set; } = [];

        public float Surprise { get; set; } = 7;
    }

    private sealed class PictureOutput
    {
        [ImageType(2, 2)]
        public MLImage? Image { get; set; }
    }

    [TestMethod]
    public void PredictionsEqualTransform()
    {
        var context = new MLContext(1);
        var rows = Rows(5);
        var model = Fit(context);
        var expected = context.Data.CreateEnumerable<Output>(model.Transform(context.Data.LoadFromEnumerable(rows)), reuseRowObject: false).ToList();
        using var engine = context.Model.CreatePredictionEngine<Input, Output>(model);
        foreach (var i in new[] { 0, 1, 2, 3, 4, 2, 0 })
        {
            var prediction = engine.Predict(rows[i]);
            Assert.AreEqual(expected[i].Name, prediction.Name);
            CollectionAssert.AreEqual(expected[i].Pixels, prediction.Pixels);
        }

        CollectionAssert.AreNotEqual(expected[0].Pixels, expected[1].Pixels);
    }

    [TestMethod]
    public void AGivenObjectIsFilled()
    {
        var context = new MLContext(1);
        var rows = Rows(2);
        using var engine = context.Model.CreatePredictionEngine<Input, Output>(Fit(context));
        var first = engine.Predict(rows[0]);
        var kept = first.Pixels.ToArray();
        var prediction = new Output();
        var same = prediction;
        engine.Predict(rows[1], ref prediction);
        Assert.AreSame(same, prediction);
        Assert.AreEqual("row 1", prediction.Name);
        CollectionAssert.AreEqual(kept, first.Pixels);
        prediction = null!;
        engine.Predict(rows[0], ref prediction);
        CollectionAssert.AreEqual(kept, prediction.Pixels);
    }

    [TestMethod]
    public void TheOutputSchemaIsTheTransformers()
    {
        var context = new MLContext(1);
        var model = Fit(context);
        var expected = model.Transform(context.Data.LoadFromEnumerable(Rows(1))).Schema;
        using var engine = context.Model.CreatePredictionEngine<Input, Output>(model);
        CollectionAssert.AreEqual(expected.Select(column => column.Name).ToArray(), engine.OutputSchema.Select(column => column.Name).ToArray());
        Assert.IsTrue(expected.Zip(engine.OutputSchema).All(pair => pair.First.Type.Equals(pair.Second.Type)));
    }

    [TestMethod]
    public void MissingOutputColumnsAreLeftAloneUnlessForbidden()
    {
        var context = new MLContext(1);
        using var engine = context.Model.CreatePredictionEngine<Input, OutputWithMore>(Fit(context));
        Assert.AreEqual(7, engine.Predict(Rows(1)[0]).Surprise);
        var model = Fit(context);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => context.Model.CreatePredictionEngine<Input, OutputWithMore>(model, ignoreMissingColumns: false));
        StringAssert.Contains(error.Message, "Surprise");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => context.Model.CreatePredictionEngine<Input, OutputWithMore>(model, new PredictionEngineOptions { IgnoreMissingColumns = false }));
    }

    [TestMethod]
    public void MissingInputColumnsFailAtOnce()
    {
        var context = new MLContext(1);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Model.CreatePredictionEngine<Output, Output>(Fit(context)));
        StringAssert.Contains(error.Message, "Values");
    }

    [TestMethod]
    public void InputTypesMayComeFromADefinitionOrASchema()
    {
        var context = new MLContext(1);
        var model = Fit(context);
        var row = Rows(1)[0];
        var open = new OpenInput { Values = row.Values };
        using var closed = context.Model.CreatePredictionEngine<Input, Output>(model, Options());
        var expected = closed.Predict(row).Pixels;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Model.CreatePredictionEngine<OpenInput, Output>(model, Options()));

        var definition = SchemaDefinition.Create(typeof(OpenInput));
        definition["Values"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3, 2, 2);
        using var defined = context.Model.CreatePredictionEngine<OpenInput, Output>(model, Options(definition));
        CollectionAssert.AreEqual(expected, defined.Predict(open).Pixels);

        using var schemed = context.Model.CreatePredictionEngine<OpenInput, Output>(model, context.Data.LoadFromEnumerable(Rows(1)).Schema);
        CollectionAssert.AreEqual(expected, schemed.Predict(open).Pixels);
    }

    [TestMethod]
    public void PicturesCanBePredicted()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(Rows(1));
        var model = context.Transforms.ConvertToImage(2, 2, "Image", "Values").Fit(data);
        using var engine = context.Model.CreatePredictionEngine<Input, PictureOutput>(model);
        using var image = engine.Predict(Rows(3)[2]).Image!;
        Assert.AreEqual((2, 2), (image.Width, image.Height));
        Assert.AreEqual((byte)Rows(3)[2].Values[0], image.GetBGRPixels[2]);
    }

    [TestMethod]
    public void APredictedPictureLivesUntilTheNextOneWhereItsTransformSaysSo()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(Rows(1));
        var made = context.Transforms.ConvertToImage(2, 2, "Image", "Values");
        using var keeping = context.Model.CreatePredictionEngine<Input, PictureOutput>(made.Fit(data));
        using var taking = context.Model.CreatePredictionEngine<Input, PictureOutput>(made.Append(context.Transforms.ConvertToGrayscale("Image")).Fit(data));
        var (kept, taken) = (keeping.Predict(Rows(1)[0]).Image!, taking.Predict(Rows(1)[0]).Image!);
        Assert.AreEqual((2, 2), (kept.Width, taken.Width));
        Assert.AreEqual((2, 2), (keeping.Predict(Rows(1)[0]).Image!.Width, taking.Predict(Rows(1)[0]).Image!.Width));
        Assert.AreEqual(2, kept.Width);
        Assert.ThrowsExactly<InvalidOperationException>(() => taken.Width);
    }

    [TestMethod]
    public void OnlyRowToRowTransformersWillDo()
    {
        var context = new MLContext(1);
        using var probe = new Probe(Fit(context), isRowToRowMapper: false);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Model.CreatePredictionEngine<Input, Output>(probe));
        StringAssert.Contains(error.Message, "Must be a row to row mapper");
        Assert.ThrowsExactly<ArgumentNullException>(() => context.Model.CreatePredictionEngine<Input, Output>(null));
        using var engine = context.Model.CreatePredictionEngine<Input, Output>(Fit(context));
        Assert.ThrowsExactly<ArgumentNullException>(() => engine.Predict(null!));
    }

    [TestMethod]
    public void TheTransformerIsDisposedOfOnceWhereItIsOwned()
    {
        var context = new MLContext(1);
        using var owned = new Probe(Fit(context));
        var engine = context.Model.CreatePredictionEngine<Input, Output>(owned);
        Assert.AreEqual("row 0", engine.Predict(Rows(1)[0]).Name);
        engine.Dispose();
        engine.Dispose();
        Assert.AreEqual(1, owned.Disposals);

        using var kept = new Probe(Fit(context));
        context.Model.CreatePredictionEngine<Input, Output>(kept, Options()).Dispose();
        Assert.AreEqual(0, kept.Disposals);
        context.Model.CreatePredictionEngine<Input, Output>(kept, new PredictionEngineOptions()).Dispose();
        Assert.AreEqual(1, kept.Disposals);
    }

    private static PredictionEngineOptions Options(SchemaDefinition? input = null) => new() { OwnsTransformer = false, InputSchemaDefinition = input };

    private static ITransformer Fit(MLContext context) => context.Transforms.ConvertToImage(2, 2, "Image", "Values")
        .Append(context.Transforms.ResizeImages("Image", 4, 4, resizing: ImageResizingEstimator.ResizingKind.Fill))
        .Append(context.Transforms.ExtractPixels("Pixels", "Image"))
        .Fit(context.Data.LoadFromEnumerable(Rows(1)));

    private static Input[] Rows(int count) => Enumerable.Range(0, count)
        .Select(row => new Input { Name = $"row {row}", Values = [.. Enumerable.Range(1, 12).Select(i => (float)((i * 20) - row))] }).ToArray();

    /// <summary>Another transformer that can say no to row-to-row use and counts its disposals.</summary>
    private sealed class Probe(ITransformer inner, bool isRowToRowMapper = true) : ITransformer, IDisposable
    {
        internal int Disposals { get; private set; }

        public bool IsRowToRowMapper => isRowToRowMapper;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inner.GetOutputSchema(inputSchema);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => inner.GetRowToRowMapper(inputSchema);

        public IDataView Transform(IDataView input) => inner.Transform(input);

        public void Save(ModelSaveContext ctx) => inner.Save(ctx);

        public void Dispose() => Disposals++;
    }
}
