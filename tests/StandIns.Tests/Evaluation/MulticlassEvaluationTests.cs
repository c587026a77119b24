using Microsoft.ML;
using Microsoft.ML.Data;
using Row = StandIns.Tests.Evaluation.MulticlassReference.Row;

namespace StandIns.Tests.Evaluation;

[TestClass]
public sealed class MulticlassEvaluationTests
{
    private const int Classes = 4;

    private sealed class KeyRow
    {
        /// <summary>From 0; in the column, keys count from 1 and 0 is missing.</summary>
        [KeyType(Classes)]
        public uint Label { get; set; }

        [VectorType(Classes)]
        public float[] Score { get; set; } = [];

        [KeyType(Classes)]
        public uint PredictedLabel { get; set; }
    }

    private sealed class SingleRow
    {
        public float Label { get; set; }

        [VectorType(Classes)]
        public float[] Score { get; set; } = [];

        public float PredictedLabel { get; set; }
    }

    private sealed class TextRow
    {
        public string Label { get; set; } = "";

        [VectorType(Classes)]
        public float[] Score { get; set; } = [];

        [VectorType(1)]
        public float[] Short { get; set; } = [];

        public double[] Doubles { get; set; } = [];

        public float PredictedLabel { get; set; }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void EveryMetricFollowsItsDefinition(int seed)
    {
        var rows = Rows(seed, 200);
        var metrics = Evaluate(rows.Select(row => KeyRowOf(row)), topK: 3);
        AssertMetrics(rows, metrics);
        Assert.AreEqual(3, metrics.TopKPredictionCount);
        Assert.AreEqual(3, metrics.TopKAccuracyForAllK.Count);
        for (var k = 1; k <= 3; k++)
            Assert.AreEqual(MulticlassReference.TopK(rows, k), metrics.TopKAccuracyForAllK[k - 1], 1e-12);
        Assert.AreEqual(metrics.TopKAccuracyForAllK[2], metrics.TopKAccuracy);
    }

    [TestMethod]
    public void OfEqualScoresTheFirstClassWins()
    {
        Row[] rows = [new(0, [0.5f, 0.5f, 0, 0]), new(1, [0.5f, 0.5f, 0, 0]), new(3, [0, 0, 0, 0]), new(2, [0.25f, 0.25f, 0.25f, 0.25f])];
        var metrics = Evaluate(rows.Select(row => KeyRowOf(row)), topK: 4);
        AssertMetrics(rows, metrics);
        CollectionAssert.AreEqual(new[] { 0.25, 0.5, 0.75, 1 }, metrics.TopKAccuracyForAllK.ToArray());
    }

    [TestMethod]
    public void RowsWithoutLabelOrWithBrokenScoresDoNotCount()
    {
        var rows = Rows(4, 30);
        KeyRow[] broken =
        [
            new() { Label = Classes, Score = [1, 0, 0, 0] }, // beyond the last key: missing
            new() { Label = 1, Score = [float.NaN, 1, 0, 0] },
            new() { Label = 1, Score = [0, float.PositiveInfinity, 0, 0] },
        ];
        AssertMetrics(rows, Evaluate([.. broken, .. rows.Select(row => KeyRowOf(row))]));
    }

    [TestMethod]
    public void AClassWithoutRowsDoesNotCountInTheMacroAverage()
    {
        Row[] rows = [new(0, [1, 0, 0, 0]), new(0, [0, 1, 0, 0]), new(2, [0, 0, 1, 0])];
        var metrics = Evaluate(rows.Select(row => KeyRowOf(row)));
        Assert.AreEqual(0.75, metrics.MacroAccuracy, 1e-12);
        Assert.AreEqual(0, metrics.PerClassLogLoss[1]);
        Assert.AreEqual(0, metrics.ConfusionMatrix.PerClassRecall[1]);
    }

    [TestMethod]
    public void NumbersAreLabelsTooAndAnUnknownOneIsNeverRight()
    {
        Row[] rows = [new(0, [1, 0, 0, 0]), new(3, [0.1f, 0.2f, 0.3f, 0.4f]), new(7, [1, 0, 0, 0])];
        SingleRow[] ignored = [new() { Label = float.NaN, Score = [1, 0, 0, 0] }, new() { Label = -1, Score = [1, 0, 0, 0] }, new() { Label = 0.5f, Score = [1, 0, 0, 0] }];
        var metrics = Evaluate([.. ignored, .. rows.Select(row => new SingleRow { Label = row.Label, Score = row.Scores })], topK: Classes);
        Assert.AreEqual(2 / 3.0, metrics.MicroAccuracy, 1e-12);
        Assert.AreEqual(1, metrics.MacroAccuracy, 1e-12);
        Assert.AreEqual(MulticlassReference.LogLoss(rows), metrics.LogLoss, 1e-9);
        Assert.AreEqual(2 / 3.0, metrics.TopKAccuracy, 1e-12);
        Assert.AreEqual(2, metrics.ConfusionMatrix.Counts.Sum(counts => counts.Sum()));
    }

    [TestMethod]
    public void WithoutTopKThereIsNone()
    {
        var metrics = Evaluate(Rows(5, 10).Select(row => KeyRowOf(row)));
        Assert.AreEqual(0, metrics.TopKPredictionCount);
        Assert.AreEqual(0, metrics.TopKAccuracy);
        Assert.IsNull(metrics.TopKAccuracyForAllK);
    }

    [TestMethod]
    public void NoRowsGiveZeros()
    {
        var metrics = Evaluate<KeyRow>([]);
        Assert.AreEqual(0, metrics.MicroAccuracy);
        Assert.AreEqual(0, metrics.MacroAccuracy);
        Assert.AreEqual(0, metrics.LogLoss);
        Assert.IsTrue(double.IsNaN(metrics.LogLossReduction));
    }

    [TestMethod]
    public void TheConfusionMatrixCountsPairs()
    {
        var rows = Rows(6, 100);
        var matrix = Evaluate(rows.Select(row => KeyRowOf(row))).ConfusionMatrix;
        Assert.AreEqual(Classes, matrix.NumberOfClasses);
        for (var actual = 0; actual < Classes; actual++)
        {
            for (var predicted = 0; predicted < Classes; predicted++)
            {
                var expected = MulticlassReference.Count(rows, actual, predicted);
                Assert.AreEqual(expected, matrix.Counts[actual][predicted]);
                Assert.AreEqual(expected, matrix.GetCountForClassPair(predicted, actual));
            }

            var hits = MulticlassReference.Count(rows, actual, actual);
            Assert.AreEqual(hits / rows.Count(row => row.Label == actual), matrix.PerClassRecall[actual], 1e-12);
            Assert.AreEqual(hits / rows.Count(row => MulticlassReference.Predicted(row) == actual), matrix.PerClassPrecision[actual], 1e-12);
        }

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => matrix.GetCountForClassPair(Classes, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => matrix.GetCountForClassPair(0, -1));
    }

    [TestMethod]
    public void TheConfusionTableReads()
    {
        Row[] rows = [new(0, [1, 0, 0, 0]), new(0, [0, 1, 0, 0]), new(1, [0, 1, 0, 0]), new(3, [0, 0, 1, 0])];
        var matrix = Evaluate(rows.Select(row => KeyRowOf(row))).ConfusionMatrix;
        var expected = string.Join(
            Environment.NewLine,
            "",
            "Confusion table",
            "          ||================================",
            "PREDICTED ||     0 |     1 |     2 |     3 | Recall",
            "TRUTH     ||================================",
            "        0 ||     1 |     1 |     0 |     0 | 0.5000",
            "        1 ||     0 |     1 |     0 |     0 | 1.0000",
            "        2 ||     0 |     0 |     0 |     0 | 0.0000",
            "        3 ||     0 |     0 |     1 |     0 | 0.0000",
            "          ||================================",
            "Precision ||1.0000 |0.5000 |0.0000 |0.0000 |",
            "");
        Assert.AreEqual(expected, matrix.GetFormattedConfusionTable());
    }

    [TestMethod]
    public void ClassNamesComeFromTheScoresSlotNames()
    {
        var context = new MLContext(1);
        var names = new[] { "cat", "a dog of any kind" };
        var definition = SchemaDefinition.Create(typeof(KeyRow));
        definition["Score"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        definition["Score"].AddAnnotation(
            "SlotNames",
            new VBuffer<ReadOnlyMemory<char>>(2, [.. names.Select(name => name.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, 2));
        var data = context.Data.LoadFromEnumerable([new KeyRow { Label = 1, Score = [0.1f, 0.9f] }], definition);

        var table = context.MulticlassClassification.Evaluate(data).ConfusionMatrix.GetFormattedConfusionTable();
        StringAssert.Contains(table, "PREDICTED            ||        0 |        1 | Recall");
        StringAssert.Contains(table, "0.               cat ||        0 |        0 | 0.0000");
        StringAssert.Contains(table, "1. a dog of any kind ||        0 |        1 | 1.0000");
    }

    [TestMethod]
    public void WrongColumnsAreNamed()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new TextRow()]);
        var numbers = context.Data.LoadFromEnumerable([new SingleRow { Score = [1, 0, 0, 0] }]);
        var evaluate = context.MulticlassClassification;
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(data)).Message, "Label");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(data, "PredictedLabel", "Short")).Message, "Short");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(data, "PredictedLabel", "Doubles")).Message, "Doubles");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(data, "PredictedLabel", "Label")).Message, "Label");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(numbers, "Lable")).Message, "Lable");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(numbers, predictedLabelColumnName: "Nothing")).Message, "Nothing");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluate.Evaluate(numbers, topKPredictionCount: -1));
        Assert.ThrowsExactly<ArgumentNullException>(() => evaluate.Evaluate(null));
    }

    private static void AssertMetrics(IReadOnlyList<Row> rows, MulticlassClassificationMetrics metrics)
    {
        Assert.AreEqual(MulticlassReference.Micro(rows), metrics.MicroAccuracy, 1e-12);
        Assert.AreEqual(MulticlassReference.Macro(rows, Classes), metrics.MacroAccuracy, 1e-12);
        Assert.AreEqual(MulticlassReference.LogLoss(rows), metrics.LogLoss, 1e-9);
        Assert.AreEqual(MulticlassReference.LogLossReduction(rows), metrics.LogLossReduction, 1e-9);
        Assert.AreEqual(Classes, metrics.PerClassLogLoss.Count);
        for (var label = 0; label < Classes; label++)
            Assert.AreEqual(MulticlassReference.ClassLogLoss(rows, label), metrics.PerClassLogLoss[label], 1e-9);
    }

    private static MulticlassClassificationMetrics Evaluate<T>(IEnumerable<T> rows, int topK = 0)
        where T : class
    {
        var context = new MLContext(1);
        return context.MulticlassClassification.Evaluate(context.Data.LoadFromEnumerable(rows), topKPredictionCount: topK);
    }

    private static KeyRow KeyRowOf(Row row) => new() { Label = (uint)row.Label, Score = row.Scores };

    /// <summary>Coarse scores, so that ties and zeros are frequent.</summary>
    private static List<Row> Rows(int seed, int count)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count)
            .Select(_ => new Row(random.Next(Classes), Enumerable.Range(0, Classes).Select(_ => random.Next(5) / 4f).ToArray()))
            .ToList();
    }
}
