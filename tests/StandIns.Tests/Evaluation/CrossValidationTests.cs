using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.Evaluation;

[TestClass]
public sealed class CrossValidationTests
{
    private sealed class Row
    {
        public int Id { get; set; }

        public string Group { get; set; } = "";

        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; } = [];

        [KeyType(2)]
        public uint PredictedLabel { get; set; }
    }

    private sealed class IdOnly
    {
        public int Id { get; set; }

        public string Group { get; set; } = "";
    }

    [TestMethod]
    public void FoldsAreDisjointAndCompleteAndEvaluatedEach()
    {
        var context = new MLContext(7);
        var data = Data(context, 60);
        var estimator = context.Transforms.CopyColumns("Copy", "Id");
        var folds = context.MulticlassClassification.CrossValidate(data, estimator, numberOfFolds: 4, seed: 3);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, folds.Select(fold => fold.Fold).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, 60).ToArray(), folds.SelectMany(fold => Ids(context, fold.ScoredHoldOutSet)).Order().ToArray());
        foreach (var fold in folds)
        {
            Assert.IsNotNull(fold.Model);
            Assert.IsNotNull(fold.ScoredHoldOutSet.Schema.GetColumnOrNull("Copy"));
            Assert.AreEqual(context.MulticlassClassification.Evaluate(fold.ScoredHoldOutSet).MicroAccuracy, fold.Metrics.MicroAccuracy);
        }

        Assert.IsTrue(folds.Select(fold => fold.Metrics.LogLoss).Distinct().Count() > 1, "the folds hold different rows");
    }

    [TestMethod]
    public void OneSeedGivesTheSameFoldsAgain()
    {
        var context = new MLContext();
        int[][] Folds(int seed) => context.MulticlassClassification
            .CrossValidate(Data(context, 40), context.Transforms.CopyColumns("Copy", "Id"), 3, seed: seed)
            .Select(fold => Ids(context, fold.ScoredHoldOutSet)).ToArray();
        var (first, again, other) = (Folds(5), Folds(5), Folds(6));
        for (var fold = 0; fold < 3; fold++)
            CollectionAssert.AreEqual(first[fold], again[fold]);
        Assert.IsFalse(Enumerable.Range(0, 3).All(fold => first[fold].SequenceEqual(other[fold])));
    }

    [TestMethod]
    public void RowsOfOneGroupStayTogether()
    {
        var context = new MLContext(1);
        var folds = context.MulticlassClassification.CrossValidate(
            Data(context, 80), context.Transforms.CopyColumns("Copy", "Id"), 3, samplingKeyColumnName: "Group");
        var foldsOfGroup = folds
            .SelectMany(fold => context.Data.CreateEnumerable<IdOnly>(fold.ScoredHoldOutSet, reuseRowObject: false, ignoreMissingColumns: true).Select(row => (row.Group, fold.Fold)))
            .GroupBy(pair => pair.Group, pair => pair.Fold).ToList();
        Assert.AreEqual(10, foldsOfGroup.Count);
        Assert.IsTrue(foldsOfGroup.All(group => group.Distinct().Count() == 1));
    }

    [TestMethod]
    public void WrongArgumentsAreRefused()
    {
        var context = new MLContext(1);
        var data = Data(context, 10);
        var estimator = context.Transforms.CopyColumns("Copy", "Id");
        var catalog = context.MulticlassClassification;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.CrossValidate(data, estimator, numberOfFolds: 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.CrossValidate(data, estimator, samplingKeyColumnName: "Nothing"));
        Assert.ThrowsExactly<ArgumentNullException>(() => catalog.CrossValidate(null, estimator));
        Assert.ThrowsExactly<ArgumentNullException>(() => catalog.CrossValidate(data, null));
    }

    private static IDataView Data(MLContext context, int count) => context.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(id => new Row
    {
        Id = id,
        Group = $"g{id % 10}",
        Label = (uint)(id % 2),
        Score = [id / (float)count, 1 - (id / (float)count)],
    }).ToList());

    private static int[] Ids(MLContext context, IDataView data) =>
        context.Data.CreateEnumerable<IdOnly>(data, reuseRowObject: false, ignoreMissingColumns: true).Select(row => row.Id).ToArray();
}
