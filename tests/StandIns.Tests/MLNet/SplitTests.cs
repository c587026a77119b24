using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class SplitTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.5)]
    [DataRow(0.8)]
    public void ASplitDealsEveryRowOnce(double fraction)
    {
        var probe = new ProbeView(2000);
        var split = _context.Data.TrainTestSplit(probe, fraction, seed: 5);
        float[] train = Numbers(split.TrainSet);
        float[] test = Numbers(split.TestSet);
        CollectionAssert.AreEqual(Enumerable.Range(0, 2000).Select(i => (float)i).ToArray(), train.Concat(test).Order().ToArray());
        Assert.AreEqual(fraction, test.Length / 2000.0, 5 * Math.Sqrt(fraction * (1 - fraction) / 2000)); // five standard deviations
        CollectionAssert.AreEqual(new[] { "Number", "Square", "Handle" }, split.TestSet.Schema.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void ASplitIsRepeatableBySeed()
    {
        CollectionAssert.AreEqual(Test(new MLContext(1), 5), Test(new MLContext(2), 5));
        CollectionAssert.AreNotEqual(Test(_context, 5), Test(_context, 6));
        CollectionAssert.AreEqual(Test(new MLContext(1), null), Test(new MLContext(1), null));
        CollectionAssert.AreEqual(Test(new MLContext(), null), Test(new MLContext(), null), "without any seed there is a fixed one");

        static float[] Test(MLContext context, int? seed) => Numbers(context.Data.TrainTestSplit(new ProbeView(200), 0.3, seed: seed).TestSet);
    }

    [TestMethod]
    public void FoldsTestEveryRowOnce()
    {
        var folds = _context.Data.CrossValidationSplit(new ProbeView(500), numberOfFolds: 4, seed: 2);
        Assert.HasCount(4, folds);
        float[] all = Enumerable.Range(0, 500).Select(i => (float)i).ToArray();
        CollectionAssert.AreEqual(all, folds.SelectMany(fold => Numbers(fold.TestSet)).Order().ToArray());
        foreach (var fold in folds)
        {
            Assert.IsGreaterThan(60, Numbers(fold.TestSet).Length);
            CollectionAssert.AreEqual(all, Numbers(fold.TrainSet).Concat(Numbers(fold.TestSet)).Order().ToArray());
        }
    }

    [TestMethod]
    public void RowsWithOneSamplingKeyStayTogether()
    {
        var data = _context.Data.LoadFromEnumerable(Enumerable.Range(0, 500).Select(i => new Sample { Index = i, Person = $"person {i % 50}" }));
        var split = _context.Data.TrainTestSplit(data, 0.3, samplingKeyColumnName: "Person");
        var train = split.TrainSet.GetColumn<string>("Person").ToHashSet();
        var test = split.TestSet.GetColumn<string>("Person").ToHashSet();
        Assert.IsFalse(train.Overlaps(test));
        Assert.AreEqual(50, train.Count + test.Count);
        Assert.IsNotEmpty(train);
        Assert.IsNotEmpty(test);
        Assert.AreEqual(500, split.TrainSet.GetColumn<int>("Index").Concat(split.TestSet.GetColumn<int>("Index")).Distinct().Count());

        var keyed = _context.Transforms.Conversion.MapValueToKey("Person").Fit(data).Transform(data);
        var folds = _context.Data.CrossValidationSplit(keyed, 5, samplingKeyColumnName: "Person");
        Assert.AreEqual(50, folds.Sum(fold => fold.TestSet.GetColumn<uint>("Person").Distinct().Count()));
    }

    [TestMethod]
    public void WrongFractionsFoldsAndColumnsAreErrors()
    {
        var probe = new ProbeView(10);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.TrainTestSplit(probe, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.TrainTestSplit(probe, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.CrossValidationSplit(probe, 1));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.TrainTestSplit(probe, samplingKeyColumnName: "Other"));
        Assert.Contains("Other", error.Message);
    }

    private static float[] Numbers(IDataView data) => data.GetColumn<float>("Number").ToArray();

    private sealed class Sample
    {
        public int Index { get; set; }

        public string Person { get; set; } = "";
    }
}
