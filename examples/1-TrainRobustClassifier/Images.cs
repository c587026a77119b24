using Microsoft.ML;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The views of Fashion-MNIST that the demo uses. The validation images are the last ones of the training set, the test images never train or choose anything.</summary>
internal sealed class Images
{
    private const int ValidationCount = 1000;

    public Images(MLContext context, DemoOptions options)
    {
        var shape = new DatasetOptions { LabelsAsKey = true };
        IDataView training = context.Data.LoadFashionMnist(options.Data, DatasetSplit.Train, shape);
        Training = context.Data.TakeRows(training, options.Images);
        Validation = context.Data.SkipRows(training, (training.GetRowCount() ?? 0) - ValidationCount);
        Test = context.Data.LoadFashionMnist(options.Data, DatasetSplit.Test, shape);
        TestCount = Test.GetRowCount() ?? 0;
        Attacked = context.Data.TakeRows(Test, options.TestImages);
    }

    public IDataView Training { get; }

    public IDataView Validation { get; }

    public IDataView Test { get; }

    public long TestCount { get; }

    public IDataView Attacked { get; }
}
