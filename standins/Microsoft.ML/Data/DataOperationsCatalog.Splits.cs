using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <content>Splits.</content>
public sealed partial class DataOperationsCatalog
{
    private const uint DefaultSplitSeed = 42;

    /// <summary>Two disjoint parts of the rows, the test part with about <paramref name="testFraction"/> of them.</summary>
    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(0 < testFraction && testFraction < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        string splitColumn = CreateSplitColumn(_env, ref data, samplingKeyColumnName, seed, fallbackInEnvSeed: true);
        return Split(_env, data, splitColumn, 0, testFraction, includeMax: false);
    }

    /// <summary>Folds whose test parts are disjoint and together hold all rows.</summary>
    public IReadOnlyList<TrainTestData> CrossValidationSplit(
        IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        string splitColumn = CreateSplitColumn(_env, ref data, samplingKeyColumnName, seed, fallbackInEnvSeed: true);
        return CrossValidationSplit(_env, data, splitColumn, numberOfFolds).ToList();
    }

    internal static IEnumerable<TrainTestData> CrossValidationSplit(IHostEnvironment env, IDataView data, string splitColumn, int numberOfFolds = 5)
    {
        for (int fold = 0; fold < numberOfFolds; fold++)
            yield return Split(env, data, splitColumn, (double)fold / numberOfFolds, (double)(fold + 1) / numberOfFolds, includeMax: true);
    }

    /// <summary>Adds the column by which rows are dealt to splits, and returns its name.</summary>
    internal static string CreateSplitColumn(
        IHostEnvironment env, ref IDataView data, string samplingKeyColumn, int? seed = null, bool fallbackInEnvSeed = false)
    {
        string name = data.Schema.GetTempColumnName("SplitColumn");
        if (fallbackInEnvSeed)
            seed ??= ((IHostEnvironmentInternal)env).Seed;
        if (samplingKeyColumn != null && data.Schema.GetColumnOrNull(samplingKeyColumn) == null)
            throw env.ExceptSchemaMismatch(nameof(samplingKeyColumn), "SamplingKeyColumn", samplingKeyColumn);
        data = samplingKeyColumn != null && data.Schema[samplingKeyColumn].Type is KeyDataViewType
            ? new Transforms.ColumnCopyingTransformer(env, (name, samplingKeyColumn)).Transform(data)
            : new SplitColumnView(env, data, name, samplingKeyColumn, (uint?)seed ?? DefaultSplitSeed);
        return name;
    }

    private static TrainTestData Split(IHostEnvironment env, IDataView data, string splitColumn, double min, double max, bool includeMax)
    {
        var train = RowFilters.Range(env, data, splitColumn, min, max, includeMax, complement: true);
        var test = RowFilters.Range(env, data, splitColumn, min, max, includeMax, complement: false);
        return new(WithoutColumn(env, train, splitColumn), WithoutColumn(env, test, splitColumn));
    }

    private static IDataView WithoutColumn(IHostEnvironment env, IDataView data, string name)
        => new Transforms.ColumnSelectingTransformer(env, null, [name]).Transform(data);

    /// <summary>The two parts of a split.</summary>
    public struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}
