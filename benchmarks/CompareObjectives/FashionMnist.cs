using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>Fashion-MNIST as tensors.</summary>
internal sealed class FashionMnist : IDisposable
{
    private readonly List<Tensor> owned = [];

    public FashionMnist(string folder, int trainingCount, int testedCount)
    {
        (Tensor images, Tensor classes) = Load(folder, DatasetSplit.Train, trainingCount);
        Training = new TensorBatchSource(images, classes);
        (images, classes) = Load(folder, DatasetSplit.Test, int.MaxValue);
        Test = new TensorBatchSource(images, classes);
        TestedImages = Own(images.narrow(0, 0, testedCount).to(ScalarType.Float32) / 255);
        TestedClasses = Own(classes.narrow(0, 0, testedCount));
    }

    public TensorBatchSource Training { get; }

    /// <summary>The whole test set.</summary>
    public TensorBatchSource Test { get; }

    /// <summary>[N,1,28,28] in [0, 1]: the first test images.</summary>
    public Tensor TestedImages { get; }

    public Tensor TestedClasses { get; }

    public void Dispose() => owned.ForEach(tensor => tensor.Dispose());

    private (Tensor Images, Tensor Classes) Load(string folder, DatasetSplit split, int count)
    {
        var context = new MLContext();
        IDataView view = context.Data.TakeRows(context.Data.LoadFashionMnist(folder, split, new DatasetOptions { LabelsAsKey = true }), count);
        byte[] pixels = [.. view.GetColumn<float[]>("Image").SelectMany(row => row).Select(value => (byte)value)];
        long[] labels = [.. view.GetColumn<uint>("Label").Select(key => (long)key - 1)];
        return (Own(tensor(pixels, dtype: ScalarType.Byte).reshape(-1, 1, 28, 28)), Own(tensor(labels, dtype: ScalarType.Int64)));
    }

    private Tensor Own(Tensor value)
    {
        owned.Add(value);
        return value;
    }
}
