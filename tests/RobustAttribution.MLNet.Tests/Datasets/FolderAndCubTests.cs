using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>ImageNet-style folders and CUB-200-2011, from images and lists made here.</summary>
[TestClass]
public sealed class FolderAndCubTests
{
    private readonly DataFolder folder = new();
    private readonly MLContext context = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    public void FoldersAreClasses()
    {
        WriteImage("n02/b.png", 2, 1);
        WriteImage("n02/a.png", 3, 2);
        WriteImage("n01/deep/c.png", 1, 1);
        folder.Write("n01/notes.txt", "no image");
        List<Rows.Row> rows = Rows.Read(context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { ImagesAsMLImage = true }));
        CollectionAssert.AreEqual(new[] { "n01/deep/c.png", "n02/a.png", "n02/b.png" }, rows.Select(row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "n01", "n02", "n02" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new byte[] { 30, 20, 10, 255 }, ((byte[])rows[1].Values["Image"])[..4]);
        Assert.HasCount(3 * 8 * 4, (float[])Rows.Read(context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { Height = 8, Width = 4 }))[0].Values["Image"]);
    }

    [TestMethod]
    public void AListChoosesOrdersAndNames()
    {
        foreach (string name in new[] { "n01", "n02", "n03" })
        {
            WriteImage($"{name}/a.png", 2, 2);
        }

        string list = folder.Write("list.txt", "# two of three\nn03 goldfish, Carassius auratus\n\nn01\n");
        IDataView view = context.Data.LoadImageFolders(folder.Path, list, new DatasetOptions { LabelsAsKey = true, Height = 2, Width = 2 });
        CollectionAssert.AreEqual(new[] { "n03/a.png", "n01/a.png" }, Rows.Read(view).Select(row => (string)row.Values["Id"]).ToArray());
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Label"].Annotations.GetValue("KeyValues", ref names);
        CollectionAssert.AreEqual(new[] { "goldfish, Carassius auratus", "n01" }, names.DenseValues().Select(name => name.ToString()).ToArray());

        folder.Write("list.txt", "n03\nn04\n");
        StringAssert.StartsWith(Assert.ThrowsExactly<DirectoryNotFoundException>(() => context.Data.LoadImageFolders(folder.Path, list)).Message, $"{list}, line 2: expected a folder");
        folder.Write("list.txt", "n03\nn01\nn03\n");
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 3: expected each folder once, found 'n03' again, after line 1");
        folder.Write("list.txt", "n03 fish\nn01 fish\n");
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 2: expected each name once");
        folder.Write("list.txt", "\n");
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 1: expected a class");
    }

    [TestMethod]
    public void EmptyFoldersAndBrokenImagesAreNamed()
    {
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => context.Data.LoadImageFolders(folder.Path));
        Directory.CreateDirectory(folder.Of("n01"));
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), $"{folder.Of("n01")}: the folder '{folder.Of("n01")}' has no images");
        string broken = folder.Write("n01/a.png", [1, 2, 3]);
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), $"{broken} (named by {folder.Of("n01")}): expected an image");
    }

    [TestMethod]
    public void ShowsBirdsWithSplitsAndBoxes()
    {
        WriteBirds();
        List<Rows.Row> rows = Rows.Read(context.Data.LoadCub200(folder.Path, options: new DatasetOptions { ImagesAsMLImage = true }));
        CollectionAssert.AreEqual(new[] { 1L, 7L }, rows.Select(row => (long)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "train", "test" }, rows.Select(row => (string)row.Values["Split"]).ToArray());
        CollectionAssert.AreEqual(new[] { "002.Auk", "001.Albatross" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 0f, 3f, 2.5f }, (float[])rows[0].Values["Box"]);
        Assert.AreEqual("002.Auk/a.png", rows[0].Values["Path"]);
        Rows.Row test = Rows.Read(context.Data.LoadCub200(folder.Path, DatasetSplit.Test, new DatasetOptions { Height = 12, Width = 4 })).Single();
        Assert.AreEqual(7L, test.Values["Id"]);
        CollectionAssert.AreEqual(new[] { 0f, 4f, 4f, 12f }, (float[])test.Values["Box"], "half as wide, twice as high");
        Assert.HasCount(1, Rows.Read(context.Data.LoadCub200(folder.Path, DatasetSplit.Train, new DatasetOptions { Height = 1, Width = 1 })));
    }

    [TestMethod]
    public void TheMiddleIsCutOutWithItsBox()
    {
        WriteBirds();
        folder.Write("CUB_200_2011/images/001.Albatross/b.png", PngFile.Of(8, 6, new SKColor(10, 20, 30), new Random(3), 20, 2, 2));
        var options = new DatasetOptions { Height = 12, Width = 12, Resize = ResizePolicy.Crop };
        float[] whole = (float[])Rows.Read(context.Data.LoadCub200(folder.Path, DatasetSplit.Test, options)).Single().Values["Image"];
        IDataView view = context.Data.LoadCub200(folder.Path, DatasetSplit.Test, options with { CenterCrop = 7 });
        CollectionAssert.AreEqual(new[] { 3, 7, 7 }, ((VectorDataViewType)view.Schema["Image"].Type).Dimensions.ToArray());
        Rows.Row row = Rows.Read(view).Single();
        float[] middle = (float[])row.Values["Image"];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < 7; y++)
            {
                for (int x = 0; x < 7; x++)
                {
                    Assert.AreEqual(whole[(channel * 144) + ((y + 2) * 12) + x + 2], middle[(channel * 49) + (y * 7) + x], $"{channel} {y} {x}"); // (12 − 7)/2 = 2.5, to even
                }
            }
        }

        // The box of 0, 2, 8, 6 in 8×6 pixels: twice as large, two pixels cut off at the left and the right, then two more on all sides.
        CollectionAssert.AreEqual(new[] { 0f, 2f, 7f, 7f }, (float[])row.Values["Box"]);
        var wrong = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Data.LoadCub200(folder.Path, options: options with { CenterCrop = 13 }));
        StringAssert.Contains(wrong.Message, "CenterCrop is 13; allowed is at most the size of the images, 12×12");
    }

    [TestMethod]
    [DataRow("classes.txt", "1 001.Albatross\n3 002.Auk\n", "line 2: expected class 2, found 3")]
    [DataRow("images.txt", "1 002.Auk/a.png\n1 001.Albatross/b.png\n", "line 2: expected each id once, found 1 again, after line 1")]
    [DataRow("images.txt", "1 002.Auk/a.png\n7 002.Auk/a.png\n", "line 2: expected a path inside the folder images, each once")]
    [DataRow("images.txt", "1 ../a.png\n", "line 1: expected a path inside the folder images")]
    [DataRow("images.txt", "one 002.Auk/a.png\n", "line 1: expected an id and 1 more field, found 'one 002.Auk/a.png'")]
    [DataRow("image_class_labels.txt", "1 2\n7 3\n", "line 2: expected a number from 1 to 2 in field 2, found '3'")]
    [DataRow("image_class_labels.txt", "1 2\n", "line 1: expected a line about image 7 of images.txt, found none")]
    [DataRow("train_test_split.txt", "1 1\n7 2\n", "line 2: expected a number from 0 to 1 in field 2, found '2'")]
    [DataRow("bounding_boxes.txt", "1 1 0 2 2.5\n7 0 2 8\n", "line 2: expected an id and 4 more fields")]
    [DataRow("bounding_boxes.txt", "1 1 0 -2 2.5\n7 0 2 8 4\n", "line 1: expected a number of at least 0 in field 4, found '-2'")]
    public void DamagedListsAreNamed(string file, string content, string message)
    {
        WriteBirds();
        string path = folder.Write($"CUB_200_2011/{file}", content);
        DataFolder.IsDamaged(() => context.Data.LoadCub200(folder.Path), $"{path}, {message}");
    }

    [TestMethod]
    public void MissingListsAndImagesAreNamed()
    {
        WriteBirds();
        File.Delete(folder.Of("CUB_200_2011/images/001.Albatross/b.png"));
        var image = Assert.ThrowsExactly<FileNotFoundException>(() => Rows.Read(context.Data.LoadCub200(folder.Path)));
        StringAssert.StartsWith(image.Message, $"{folder.Of("CUB_200_2011/images.txt")}, line 2: the image");
        File.Delete(folder.Of("CUB_200_2011/bounding_boxes.txt"));
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadCub200(folder.Path)).Message, "bounding_boxes.txt");
    }

    private void WriteBirds()
    {
        folder.Write("CUB_200_2011/classes.txt", "1 001.Albatross\n2 002.Auk\n");
        folder.Write("CUB_200_2011/images.txt", "1 002.Auk/a.png\n7 001.Albatross/b.png\n");
        folder.Write("CUB_200_2011/image_class_labels.txt", "1 2\n7 1\n");
        folder.Write("CUB_200_2011/train_test_split.txt", "1 1\n7 0\n");
        folder.Write("CUB_200_2011/bounding_boxes.txt", "1 1.0 0.0 2.0 2.5\n7 0.0 2.0 8.0 4.0\n");
        WriteImage("CUB_200_2011/images/002.Auk/a.png", 4, 3);
        WriteImage("CUB_200_2011/images/001.Albatross/b.png", 8, 6);
    }

    /// <summary>An image of one colour.</summary>
    private void WriteImage(string name, int width, int height) => folder.Write(name, PngFile.Plain(width, height));
}
