using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class ChainTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void AllShapesAreCheckedBeforeAnythingIsFitted()
    {
        var log = new List<string>();
        var chain = new EstimatorChain<ITransformer>().Append<ITransformer>(new Step("a", log)).Append<ITransformer>(new Step("b", log));
        chain.Fit(new ProbeView(1));
        CollectionAssert.AreEqual(new[] { "a shape", "b shape", "a fit", "a transform", "b fit", "b transform" }, log);
    }

    [TestMethod]
    public void ASchemaIsBoundThroughTheWholeChainBeforeAnythingIsTransformed()
    {
        var log = new List<string>();
        var chain = new TransformerChain<ITransformer>(new Step("a", log), new Step("b", log));
        chain.Transform(new ProbeView(1));
        CollectionAssert.AreEqual(new[] { "a schema", "b schema", "a transform", "b transform" }, log);
    }

    [TestMethod]
    public void AppendingFlattensEstimatorChains()
    {
        var chain = _context.Transforms.CopyColumns("A", "Number")
            .Append(_context.Transforms.CopyColumns("B", "A"))
            .Append(_context.Transforms.CopyColumns("C", "B"));
        var model = chain.Fit(new ProbeView(3));
        Assert.AreSame(model.LastTransformer, model.Last());
        CollectionAssert.AreEqual(new float[] { 0, 1, 2 }, model.Transform(new ProbeView(3)).GetColumn<float>("C").ToArray());
        Assert.IsTrue(model.Any());
    }

    [TestMethod]
    public void ATransformerOutOfScopeIsLeftOut()
    {
        var chain = _context.Transforms.CopyColumns("A", "Number")
            .Append(_context.Transforms.CopyColumns("B", "Number"), TransformerScope.Training);
        var model = chain.Fit(new ProbeView(1));
        Assert.IsNull(model.Transform(new ProbeView(1)).Schema.GetColumnOrNull("B"), "transforming means scoring");
        Assert.IsNotNull(model.Transform(new ProbeView(1), TransformerScope.Training).Schema.GetColumnOrNull("B"));
        Assert.IsNull(model.GetOutputSchema(new ProbeView(1).Schema, TransformerScope.Scoring).GetColumnOrNull("B"));
        Assert.HasCount(1, model.GetModelFor(TransformerScope.Scoring).ToArray());
    }

    [TestMethod]
    public void ACacheCheckpointServesTheRestOfTheChain()
    {
        var probe = new ProbeView(50);
        var chain = _context.Transforms.CopyColumns("Copy", "Number")
            .AppendCacheCheckpoint(_context)
            .Append(_context.Transforms.NormalizeMinMax("First", "Copy"))
            .Append(_context.Transforms.NormalizeMinMax("Second", "Copy"));
        chain.Fit(probe);
        Assert.AreEqual(50, probe.Reads["Number"]);
        Assert.ThrowsExactly<InvalidOperationException>(() => new EstimatorChain<ITransformer>().AppendCacheCheckpoint(_context));
    }

    [TestMethod]
    public void FittedTransformersAreHandedOut()
    {
        ITransformer? fitted = null;
        var chain = _context.Transforms.CopyColumns("A", "Number").WithOnFitDelegate(transformer => fitted = transformer)
            .Append(_context.Transforms.CopyColumns("B", "A"));
        var model = chain.Fit(new ProbeView(1));
        Assert.AreSame(model.First(), fitted);
    }

    [TestMethod]
    public void AChainDisposesOfItsTransformersOnce()
    {
        var log = new List<string>();
        var chain = new TransformerChain<ITransformer>(new Step("a", log), new Step("b", log));
        chain.Dispose();
        chain.Dispose();
        CollectionAssert.AreEqual(new[] { "a dispose", "b dispose" }, log);
    }

    [TestMethod]
    public void AChainOfRowMappersIsARowMapper()
    {
        ITransformer mappers = _context.Transforms.CopyColumns("A", "Number").Append(_context.Transforms.SelectColumns("A")).Fit(new ProbeView(1));
        Assert.IsTrue(mappers.IsRowToRowMapper);
        var mapper = mappers.GetRowToRowMapper(new ProbeView(1).Schema);
        CollectionAssert.AreEqual(new[] { "A" }, mapper.OutputSchema.Select(column => column.Name).ToArray());

        ITransformer other = new TransformerChain<ITransformer>(new Step("a", []));
        Assert.IsFalse(other.IsRowToRowMapper);
        Assert.ThrowsExactly<InvalidOperationException>(() => other.GetRowToRowMapper(new ProbeView(1).Schema));
    }

    [TestMethod]
    public void NothingIsAppendedToNothing()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => new EstimatorChain<ITransformer>().Append<ITransformer>(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => _context.Transforms.CopyColumns("A", "B").Append((IEstimator<ITransformer>)null!));
        ITransformer transformer = new Step("a", []);
        Assert.HasCount(2, transformer.Append(new Step("b", [])).ToArray());
        var empty = new TransformerChain<ITransformer>();
        var probe = new ProbeView(1);
        Assert.AreSame(probe, empty.Transform(probe));
    }

    /// <summary>An estimator and transformer that does nothing and says when it is asked.</summary>
    private sealed class Step(string name, List<string> log) : IEstimator<ITransformer>, ITransformer, IDisposable
    {
        public bool IsRowToRowMapper => false;

        public ITransformer Fit(IDataView input)
        {
            log.Add($"{name} fit");
            return this;
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            log.Add($"{name} shape");
            return inputSchema;
        }

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
        {
            log.Add($"{name} schema");
            return inputSchema;
        }

        public IDataView Transform(IDataView input)
        {
            log.Add($"{name} transform");
            return input;
        }

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        public void Save(ModelSaveContext ctx) => throw new NotSupportedException();

        public void Dispose() => log.Add($"{name} dispose");
    }
}
