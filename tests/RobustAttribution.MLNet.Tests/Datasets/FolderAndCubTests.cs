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
        List<Rows.Row> rows = Rows.Read(context.Data.LoadImageFolders(folder.Path));
        CollectionAssert.AreEqual(new[] { "n01/deep/c.png", "n02/a.png", "n02/b.png" }, rows.Select(row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "n01", "n02", "n02" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new byte[] { 30, 20, 10, 255 }, ((byte[])rows[1].Values["Image"])[..4]);
        CollectionAssert.AreEqual(
            new[] { 4 * 1, 4 * 6, 4 * 2 }, rows.Select(row => ((byte[])row.Values["Image"]).Length).ToArray(), "each of its own size");
    }

    [TestMethod]
    public void AListChoosesOrdersAndNames()
    {
        foreach (string name in new[] { "n01", "n02", "n03" })
        {
            WriteImage($"{name}/a.png", 2, 2);
        }

        string list = folder.Write("list.txt", "# two of three\nn03 goldfish, Carassius auratus\n\nn01\n");
        IDataView view = context.Data.LoadImageFolders(folder.Path, list, new DatasetOptions { LabelsAsKey = true });
        CollectionAssert.AreEqual(new[] { "n03/a.png", "n01/a.png" }, Rows.Read(view).Select(row => (string)row.Values["Id"]).ToArray());
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Label"].Annotations.GetValue("KeyValues", ref names);
        CollectionAssert.AreEqual(new[] { "goldfish, Carassius auratus", "n01" }, names.DenseValues().Select(name => name.ToString()).ToArray());

        folder.Write("list.txt", "n03\nn04\n");
        StringAssert.StartsWith(Assert.ThrowsExactly<DirectoryNotFoundException>(
            () => context.Data.LoadImageFolders(folder.Path, list)).Message, $"{list}, line 2: expected a folder");
        folder.Write("list.txt", "n03\nn01\nn03\n");
        DataFolder.IsDamaged(
            () => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 3: expected each folder once, found 'n03' again, after line 1");
        folder.Write("list.txt", "n03 fish\nn01 fish\n");
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 2: expected each name once");
        folder.Write("list.txt", "\n");
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path, list), $"{list}, line 1: expected a class");
    }

    [TestMethod]
    public void HiddenFilesAndFoldersAndOtherFilesAreLeftOutAndReported()
    {
        string[] images = ["cat/a.png", "dog/b.PNG", ".ipynb_checkpoints/a.png", "__MACOSX/cat/._a.png", "cat/._a.png", "cat/.cache/c.png", "d.png"];
        foreach (string name in images)
        {
            WriteImage(name, 1, 1);
        }

        folder.Write("cat/t.tiff", "II*");
        folder.Write("cat/noextension", "x");
        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        List<string> leftOut = [];
        IDataView view = context.Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LeftOut = leftOut.AddRange, LabelsAsKey = true });
        Assert.AreEqual(2UL, ((KeyDataViewType)view.Schema["Label"].Type).Count, "hidden folders are no classes");
        CollectionAssert.AreEqual(new[] { "cat/a.png", "dog/b.PNG" }, Rows.Read(view).Select(row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(
            new[] { ".ipynb_checkpoints/", "__MACOSX/", "d.png", "cat/._a.png", "cat/.cache/", "cat/noextension", "cat/t.tiff" }, leftOut);
        string message = messages.Single(message => message.Contains("left out", StringComparison.Ordinal));
        StringAssert.Contains(message, $"7 files and folders of '{folder.Path}'");
        StringAssert.Contains(message, ".ipynb_checkpoints/, __MACOSX/, d.png, cat/._a.png, cat/.cache/, …");
    }

    [TestMethod]
    public void EveryExtensionOfWhatDecodesIsTaken()
    {
        using var bitmap = new SKBitmap(2, 1);
        bitmap.Erase(new SKColor(10, 20, 30));
        byte[] jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100).ToArray();
        byte[] webp = bitmap.Encode(SKEncodedImageFormat.Webp, 100).ToArray();
        byte[] gif = Convert.FromBase64String("R0lGODlhAQABAIAAAAoUHgAAACwAAAAAAQABAAACAkQBADs="); // 1×1 of that colour
        byte[] header = [58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0];
        byte[] bmp = [.. "BM"u8, .. header, .. new byte[24], 30, 20, 10, 0];
        byte[] ppm = [.. "P6 1 1 255\n"u8, 10, 20, 30];
        (string Name, byte[] Content)[] files =
            [("a.jpg", jpeg), ("b.jpeg", jpeg), ("c.jpe", jpeg), ("d.jfif", jpeg), ("e.webp", webp), ("f.gif", gif), ("g.bmp", bmp), ("h.ppm", ppm)];
        Array.ForEach(files, file => folder.Write($"cat/{file.Name}", file.Content));
        List<Rows.Row> rows = Rows.Read(context.Data.LoadImageFolders(folder.Path));
        CollectionAssert.AreEqual(files.Select(file => $"cat/{file.Name}").ToArray(), rows.Select(row => (string)row.Values["Id"]).ToArray());
        foreach (Rows.Row row in rows)
        {
            byte[] pixel = ((byte[])row.Values["Image"])[..4];
            for (int i = 0; i < 4; i++)
            {
                Assert.AreEqual(new double[] { 30, 20, 10, 255 }[i], pixel[i], 4.0, $"{row.Values["Id"]}[{i}]");
            }
        }
    }

    [TestMethod]
    public void ALinkedFolderCountsOnce()
    {
        WriteImage("cat/deep/a.png", 1, 1);
        WriteImage("elsewhere.d/b.png", 1, 1);
        Directory.CreateSymbolicLink(folder.Of("cat/loop"), folder.Path);
        Directory.CreateSymbolicLink(folder.Of("cat/deep/up"), folder.Of("cat"));
        Directory.CreateSymbolicLink(folder.Of("dog"), folder.Of("elsewhere.d"));
        string list = folder.Write("list.txt", "cat\ndog\n");
        List<string> leftOut = [];
        IDataView view = context.Data.LoadImageFolders(folder.Path, list, new DatasetOptions { LeftOut = leftOut.AddRange });
        CollectionAssert.AreEqual(new[] { "cat/deep/a.png", "dog/b.png" }, Rows.Read(view).Select(row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "cat/deep/up/", "cat/loop/" }, leftOut);
        string message = $"{folder.Of("elsewhere.d")}: the folder '{folder.Of("elsewhere.d")}' is that of another class, by a link.";
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), message);
    }

    [TestMethod]
    public void ClassesAlikeAreWarnedOfAndAListNamesFoldersWithSpacesAround()
    {
        foreach (string name in new[] { "Cat", "cat ", "dog" })
        {
            WriteImage($"{name}/a.png", 1, 1);
        }

        List<string> warnings = [];
        context.Log += (_, message) => { if (message.Message.Contains("alone are classes of their own", StringComparison.Ordinal)) { warnings.Add(message.Message); } };
        Assert.HasCount(3, Rows.Read(context.Data.LoadImageFolders(folder.Path)));
        Assert.HasCount(1, warnings);
        StringAssert.EndsWith(warnings[0], ": 'Cat', 'cat '");

        string list = folder.Write("list.txt", "\u00EF\u00BB\u00BFcat \r\n\tdog\tHund \r\n \r\n".Select(letter => (byte)letter));
        CollectionAssert.AreEqual(new[] { "cat ", "Hund" }, Rows.Read(context.Data.LoadImageFolders(folder.Path, list)).Select(row => (string)row.Values["Label"]).ToArray());
        Assert.HasCount(1, warnings);
    }

    [TestMethod]
    public void LinksThatLeadNowhereAreLeftOut()
    {
        WriteImage("cat/a.png", 1, 1);
        WriteImage("elsewhere/b.png", 1, 1);
        File.CreateSymbolicLink(folder.Of("cat/gone.png"), folder.Of("gone"));
        File.CreateSymbolicLink(folder.Of("cat/circle.jpg"), folder.Of("cat/circle2.jpg"));
        File.CreateSymbolicLink(folder.Of("cat/circle2.jpg"), folder.Of("cat/circle.jpg"));
        File.CreateSymbolicLink(folder.Of("cat/kept.png"), folder.Of("elsewhere/b.png"));
        string list = folder.Write("list.txt", "cat");
        List<string> leftOut = [];
        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        List<Rows.Row> rows = Rows.Read(context.Data.LoadImageFolders(folder.Path, list, new DatasetOptions { LeftOut = leftOut.AddRange }));
        CollectionAssert.AreEqual(new[] { "cat/a.png", "cat/kept.png" }, rows.Select(row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "cat/circle.jpg", "cat/circle2.jpg", "cat/gone.png" }, leftOut);
        Assert.IsTrue(messages.Exists(message => message.Contains("links that lead nowhere: cat/circle.jpg", StringComparison.Ordinal)), string.Join('\n', messages));

        foreach ((string name, string target) in new[] { ("cat/gone.png", folder.Of("gone")), ("cat/circle.jpg", folder.Of("cat/circle2.jpg")) })
        {
            string message = Assert.ThrowsExactly<FileNotFoundException>(() => ImageDecoder.Decode(folder.Of(name))).Message;
            StringAssert.Contains(message, $"the image '{folder.Of(name)}' is a link to '{target}', where no file is.");
        }
    }

    [TestMethod]
    public void ARelativePathKeepsTheOrder()
    {
        WriteImage("cat/a.png", 1, 1);
        WriteImage("cat/deep/b.png", 1, 1);
        WriteImage("cat/z.png", 1, 1);
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, folder.Path);
        Assert.IsFalse(Path.IsPathRooted(relative));
        CollectionAssert.AreEqual(
            new[] { "cat/a.png", "cat/deep/b.png", "cat/z.png" }, Rows.Read(context.Data.LoadImageFolders(relative)).Select(row => (string)row.Values["Id"]).ToArray());
    }

    [TestMethod]
    public void AListNamesFoldersWithSpaces()
    {
        WriteImage("cat/a.png", 1, 1);
        WriteImage("golden retriever/b.png", 1, 1);
        WriteImage("red fox/c.png", 1, 1);
        string list = folder.Write("list.txt", "cat Felis catus\ngolden retriever\nred fox\tVulpes vulpes\n");
        CollectionAssert.AreEqual(
            new[] { "Felis catus", "golden retriever", "Vulpes vulpes" }, Rows.Read(
                context.Data.LoadImageFolders(folder.Path, list)).Select(row => (string)row.Values["Label"]).ToArray());
    }

    [TestMethod]
    public void EmptyFoldersAndBrokenImagesAreNamed()
    {
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => context.Data.LoadImageFolders(folder.Path));
        Directory.CreateDirectory(folder.Of("n01"));
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), $"{folder.Of("n01")}: the folder '{folder.Of("n01")}' has no images");
        folder.Write("n01/a.tiff", "II*");
        string noImages = $"{folder.Of("n01")}: the folder '{folder.Of("n01")}' has no images (.jpg, .jpeg, .jpe, .jfif, .png, .bmp, .gif, .webp, .ppm).";
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), $"{noImages} Left out were: n01/a.tiff.");
        string broken = folder.Write("n01/a.png", [1, 2, 3]);
        DataFolder.IsDamaged(() => context.Data.LoadImageFolders(folder.Path), $"{broken} (named by {folder.Of("n01")}): expected an image");
    }

    [TestMethod]
    public void ShowsBirdsWithSplitsAndBoxes()
    {
        WriteBirds();
        List<Rows.Row> rows = Rows.Read(context.Data.LoadCub200(folder.Path));
        CollectionAssert.AreEqual(new[] { 1L, 7L }, rows.Select(row => (long)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { "train", "test" }, rows.Select(row => (string)row.Values["Split"]).ToArray());
        CollectionAssert.AreEqual(new[] { "002.Auk", "001.Albatross" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 0f, 3f, 2.5f }, (float[])rows[0].Values["Box"]);
        Assert.AreEqual("002.Auk/a.png", rows[0].Values["Path"]);
        Rows.Row test = Rows.Read(context.Data.LoadCub200(folder.Path, DatasetSplit.Test)).Single();
        Assert.AreEqual(7L, test.Values["Id"]);
        CollectionAssert.AreEqual(new[] { 0f, 2f, 8f, 6f }, (float[])test.Values["Box"], "in the image's own pixels");
        Assert.HasCount(1, Rows.Read(context.Data.LoadCub200(folder.Path, DatasetSplit.Train)));
    }

    [TestMethod]
    [DataRow("classes.txt", "1 001.Albatross\n3 002.Auk\n", "line 2: expected class 2, found 3")]
    [DataRow("images.txt", "1 002.Auk/a.png\n1 001.Albatross/b.png\n", "line 2: expected each id once, found 1 again, after line 1")]
    [DataRow("images.txt", "1 002.Auk/a.png\n7 002.Auk/a.png\n", "line 2: expected a path inside the folder images, each once")]
    [DataRow("images.txt", "1 ../a.png\n", "line 1: expected a path inside the folder images")]
    [DataRow("images.txt", "one 002.Auk/a.png\n", "line 1: expected an id and 1 more field, found 'one 002.Auk/a.png'")]
    [DataRow("images.txt", "1 002.Auk/a.png\n", "line 1: expected a line about image 7, as in line 2 of image_class_labels.txt, found none")]
    [DataRow("image_class_labels.txt", "1 2\n7 1\n9 1\n", null)]
    [DataRow("image_class_labels.txt", "1 2\n7 3\n", "line 2: expected a number from 1 to 2 in field 2, found '3'")]
    [DataRow("image_class_labels.txt", "1 2\n", "line 1: expected a line about image 7 of images.txt, found none")]
    [DataRow("train_test_split.txt", "1 1\n7 2\n", "line 2: expected a number from 0 to 1 in field 2, found '2'")]
    [DataRow("bounding_boxes.txt", "1 1 0 2 2.5\n7 0 2 8\n", "line 2: expected an id and 4 more fields")]
    [DataRow("bounding_boxes.txt", "1 1 0 -2 2.5\n7 0 2 8 4\n", "line 1: expected a number of at least 0 in field 4, found '-2'")]
    public void DamagedListsAreNamed(string file, string content, string? message)
    {
        WriteBirds();
        string path = folder.Write($"CUB_200_2011/{file}", content);
        string images = $"{folder.Of("CUB_200_2011/images.txt")}, line 2: expected a line about image 9, as in line 3 of {file}, found none";
        DataFolder.IsDamaged(() => context.Data.LoadCub200(folder.Path), message is null ? images : $"{path}, {message}");
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
