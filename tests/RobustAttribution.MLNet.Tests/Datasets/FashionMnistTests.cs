using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>Fashion-MNIST as a view, from files made here.</summary>
[TestClass]
public sealed class FashionMnistTests
{
    private const int Count = 5;
    private readonly string folder = Directory.CreateTempSubdirectory("fashion-tests").FullName;
    private readonly MLContext context = new();

    [TestInitialize]
    public void WriteFiles()
    {
        byte[] pixels = [.. Enumerable.Range(0, Count * 784).Select(i => (byte)(i % 251))];
        File.WriteAllBytes(Path.Combine(folder, "train-images-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, Count, 0, 0, 0, 28, 0, 0, 0, 28, .. pixels]);
        using var zip = new GZipStream(File.Create(Path.Combine(folder, "train-labels-idx1-ubyte.gz")), CompressionLevel.Fastest);
        zip.Write([0, 0, 8, 1, 0, 0, 0, Count, 9, 0, 3, 3, 1]);
    }

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void ShowsImagesLabelsAndIds()
    {
        IDataView view = context.Data.LoadFashionMnist(folder);
        List<Rows.Row> rows = Rows.Read(view);
        Assert.AreEqual(Count, view.GetRowCount());
        CollectionAssert.AreEqual(
            new[] { "Ankle boot", "T-shirt/top", "Dress", "Dress", "Trouser" }, rows.Select(row => row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new object[] { 0L, 1L, 2L, 3L, 4L }, rows.Select(row => row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(784, 784).Select(i => (float)(i % 251)).ToArray(), (float[])rows[1].Values["Image"]);
        CollectionAssert.AreEqual(new[] { 1, 28, 28 }, ((VectorDataViewType)view.Schema["Image"].Type).Dimensions.ToArray());
    }

    [TestMethod]
    public void ShowsMLImagesAndKeysWithNames()
    {
        IDataView view = context.Data.LoadFashionMnist(folder, options: new DatasetOptions { ImagesAsMLImage = true, LabelsAsKey = true });
        List<Rows.Row> rows = Rows.Read(view);
        CollectionAssert.AreEqual(new object[] { 10u, 1u, 4u, 4u, 2u }, rows.Select(row => row.Values["Label"]).ToArray());
        byte[] pixels = (byte[])rows[2].Values["Image"];
        Assert.HasCount(4 * 784, pixels);
        Assert.AreEqual((byte)((1568 + 5) % 251), pixels[4 * 5]);
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Label"].Annotations.GetValue("KeyValues", ref names);
        CollectionAssert.AreEqual(KnownDatasets.FashionMnist.ClassNames.ToArray(), names.DenseValues().Select(name => name.ToString()).ToArray());
    }

    [TestMethod]
    public void ShufflesRepeatably()
    {
        IDataView view = context.Data.LoadFashionMnist(folder);
        object[] Order(int seed) => [.. Rows.Read(view, ["Id"], new Random(seed)).Select(row => row.Values["Id"])];
        CollectionAssert.AreEqual(Order(1), Order(1));
        CollectionAssert.AreNotEqual(Order(1), Order(2));
        CollectionAssert.AreEquivalent(new object[] { 0L, 1L, 2L, 3L, 4L }, Order(1));
    }

    [TestMethod]
    public void MissingFilesAreNamedWithWhatToDo()
    {
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadFashionMnist(folder, DatasetSplit.Test));
        StringAssert.Contains(error.Message, "t10k-images-idx3-ubyte");
        StringAssert.Contains(error.Message, folder);
        StringAssert.Contains(error.Message, FashionMnistFolders.Variable);
    }

    [TestMethod]
    public void FilesThatDoNotBelongTogetherAreNamed()
    {
        string labels = Path.Combine(folder, "train-labels-idx1-ubyte");
        File.Delete(labels + ".gz");
        File.WriteAllBytes(labels, [0, 0, 8, 1, 0, 0, 0, 4, 9, 0, 3, 3]);
        var count = Assert.ThrowsExactly<InvalidDataException>(() => Rows.Read(context.Data.LoadFashionMnist(folder)));
        StringAssert.Contains(count.Message, $"{labels}, byte 4: expected 5 labels");
        File.WriteAllBytes(labels, [0, 0, 8, 1, 0, 0, 0, 5, 9, 0, 10, 3, 1]);
        var value = Assert.ThrowsExactly<InvalidDataException>(() => Rows.Read(context.Data.LoadFashionMnist(folder)));
        StringAssert.Contains(value.Message, $"{labels}, byte 10: expected a label from 0 to 9, found 10");
    }

    [TestMethod]
    public void MnistIsReadFromTheSameFormat()
    {
        IDataView view = context.Data.LoadMnist(folder);
        List<Rows.Row> rows = Rows.Read(view);
        List<Rows.Row> fashion = Rows.Read(context.Data.LoadFashionMnist(folder));
        Assert.HasCount(fashion.Count, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            Assert.AreEqual(KnownDatasets.Mnist.ClassNames[KnownDatasets.FashionMnist.ClassNames.ToList().IndexOf((string)fashion[i].Values["Label"])], rows[i].Values["Label"]);
            CollectionAssert.AreEqual((float[])fashion[i].Values["Image"], (float[])rows[i].Values["Image"]);
        }

        StringAssert.Contains(
            Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadMnist(folder, DatasetSplit.Test)).Message, "t10k-images-idx3-ubyte");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Data.LoadMnist(folder, DatasetSplit.Extra)).Message, "MNIST");
    }
}
