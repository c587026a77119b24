using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class EvaluationTests
{
    [TestMethod]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(100)]
    public void EveryImageCountsOnceWhateverTheBatches(int batchSize)
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 10);
        var source = new TensorBatchSource(images, classes);
        EvaluationResult result = Evaluation.Measure(network, source, batchSize);

        network.Backbone.eval();
        double[,] expected = Values.Matrix(network.Logits(images));
        long[] labels = classes.data<long>().ToArray();
        double loss = 0;
        int correct = 0;
        for (int n = 0; n < 10; n++)
        {
            double[] row = [.. Enumerable.Range(0, 4).Select(k => expected[n, k])];
            loss += Math.Log(row.Sum(Math.Exp)) - row[labels[n]];
            correct += Array.IndexOf(row, row.Max()) == labels[n] ? 1 : 0;
        }

        Assert.AreEqual(loss / 10, result.Loss, 1e-12);
        Assert.AreEqual((correct / 10.0, 10L), (result.Accuracy, result.Count));
    }

    [TestMethod]
    public void BytesAreImagesInThe255thsScale()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float32);
        Tensor bytes = randint(0, 256, [6, 2, 8, 8], dtype: ScalarType.Int64).to(ScalarType.Byte);
        Tensor classes = zeros(6, dtype: ScalarType.Int64);
        EvaluationResult fromBytes = Evaluation.Measure(network, new TensorBatchSource(bytes, classes), 4);
        EvaluationResult fromFloats = Evaluation.Measure(network, new TensorBatchSource(bytes.to(ScalarType.Float64) / 255, classes), 4);
        Assert.AreEqual(fromFloats.Loss, fromBytes.Loss, 1e-6);
    }
}
