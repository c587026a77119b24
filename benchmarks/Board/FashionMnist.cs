using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>Fashion-MNIST as tensors: images to train on, others of the training set to choose weights with, the test set.</summary>
internal sealed class FashionMnist : IDisposable
{
    private const int Side = 28;
    private const int TrainingSet = 60_000;
    private const int Validated = 2_000;
    private readonly List<Tensor> owned = [];

    /// <param name="folder">Where the files are.</param>
    /// <param name="trained">Training images, from the beginning of the training set; its last 2,000 images are for validation.</param>
    public FashionMnist(string folder, int trained)
    {
        (Tensor images, Tensor classes) = Load(folder, DatasetSplit.Train);
        int count = Math.Min(trained, TrainingSet - Validated);
        Training = new ImageSet(images.narrow(0, 0, count), classes.narrow(0, 0, count));
        Validation = new ImageSet(
            images.narrow(0, TrainingSet - Validated, Validated), classes.narrow(0, TrainingSet - Validated, Validated));
        (images, classes) = Load(folder, DatasetSplit.Test);
        Test = new ImageSet(images, classes);
    }

    public ImageSet Training { get; }

    public ImageSet Validation { get; }

    public ImageSet Test { get; }

    public void Dispose() => owned.ForEach(tensor => tensor.Dispose());

    private (Tensor Images, Tensor Classes) Load(string folder, DatasetSplit split)
    {
        var context = new MLContext();
        IDataView view = context.Data.LoadFashionMnist(folder, split, new DatasetOptions { LabelsAsKey = true });
        byte[] pixels = [.. view.GetColumn<float[]>("Image").SelectMany(row => row).Select(value => (byte)value)];
        long[] labels = [.. view.GetColumn<uint>("Label").Select(key => (long)key - 1)];
        return (Own(tensor(pixels, dtype: ScalarType.Byte).reshape(-1, 1, Side, Side)), Own(tensor(labels, dtype: ScalarType.Int64)));
    }

    private Tensor Own(Tensor value)
    {
        owned.Add(value);
        return value;
    }
}

/// <summary>Images [N,1,28,28], uint8, and their classes [N], int64.</summary>
internal sealed record ImageSet(Tensor Images, Tensor Classes)
{
    public TensorBatchSource Source { get; } = new(Images, Classes);

    public ImageSet Take(int count) => new(Images.narrow(0, 0, count), Classes.narrow(0, 0, count));
}
