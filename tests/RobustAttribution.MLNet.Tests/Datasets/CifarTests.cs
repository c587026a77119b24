using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>CIFAR's binary versions, from files made here: &lt;label&gt;&lt;1024 red&gt;&lt;1024 green&gt;&lt;1024 blue&gt;.</summary>
[TestClass]
public sealed class CifarTests
{
    private readonly DataFolder folder = new();
    private readonly MLContext context = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DataRow("")]
    [DataRow("cifar-10-batches-bin/")]
    [DataRow("cifar-10-binary/cifar-10-batches-bin/")]
    public void ShowsAllTrainingFilesInOrder(string inner)
    {
        for (int file = 1; file <= 5; file++)
        {
            folder.Write($"{inner}data_batch_{file}.bin", [.. Record([(byte)file], file), .. Record([(byte)(file + 4)], file + 10)]);
        }

        IDataView view = context.Data.LoadCifar10(folder.Path);
        List<Rows.Row> rows = Rows.Read(view);
        Assert.AreEqual(10, view.GetRowCount());
        CollectionAssert.AreEqual(
            new[] { 1, 5, 2, 6, 3, 7, 4, 8, 5, 9 }.Select(
                label => KnownDatasets.Cifar10.ClassNames[label]).ToArray(), rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).Select(i => (long)i).ToArray(), rows.Select(row => (long)row.Values["Id"]).ToArray());
        Assert.IsTrue(rows.All(row => row.Values["Split"].Equals("train")));
        CollectionAssert.AreEqual(Record([], 12).Select(value => (float)value).ToArray(), (float[])rows[3].Values["Image"]);
        CollectionAssert.AreEqual(new[] { 3, 32, 32 }, ((VectorDataViewType)view.Schema["Image"].Type).Dimensions.ToArray());
    }

    [TestMethod]
    public void ShowsMLImagesAndKeys()
    {
        folder.Write("test_batch.bin", Record([9], 4));
        List<Rows.Row> rows = Rows.Read(
            context.Data.LoadCifar10(folder.Path, DatasetSplit.Test, new DatasetOptions { ImagesAsMLImage = true, LabelsAsKey = true }));
        Assert.AreEqual(10u, rows[0].Values["Label"]);
        Assert.AreEqual("test", rows[0].Values["Split"]);
        byte[] record = [.. Record([], 4)];
        byte[] pixels = (byte[])rows[0].Values["Image"];
        CollectionAssert.AreEqual(new[] { record[33 + 2048], record[33 + 1024], record[33], (byte)255 }, pixels[132..136]);
    }

    [TestMethod]
    public void Cifar100HasFineAndCoarseLabels()
    {
        folder.Write("cifar-100-binary/train.bin", [.. Record([19, 99], 1), .. Record([0, 30], 2)]);
        IDataView view = context.Data.LoadCifar100(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
        List<Rows.Row> rows = Rows.Read(view);
        CollectionAssert.AreEqual(new[] { 100u, 31u }, rows.Select(row => (uint)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new[] { 20u, 1u }, rows.Select(row => (uint)row.Values["CoarseLabel"]).ToArray());
        rows = Rows.Read(context.Data.LoadCifar100(folder.Path));
        CollectionAssert.AreEqual(new[] { "worm", "dolphin" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new[] { "vehicles_2", "aquatic_mammals" }, rows.Select(row => (string)row.Values["CoarseLabel"]).ToArray());
        CollectionAssert.AreEqual(Record([], 2).Select(value => (float)value).ToArray(), (float[])rows[1].Values["Image"]);
    }

    [TestMethod]
    public void DamageIsNamed()
    {
        string path = folder.Write("test_batch.bin", [.. Record([1], 0), .. Record([10], 0)]);
        DataFolder.IsDamaged(Load, $"{path}, byte 3073: expected a label from 0 to 9, found 10");
        folder.Write("test_batch.bin", Record([1], 0).Take(3000));
        DataFolder.IsDamaged(Load, $"{path}, byte 0: expected a record of 3073 bytes, found the end of the file after 3000");
        folder.Write("test_batch.bin", Enumerable.Empty<byte>());
        DataFolder.IsDamaged(Load, $"{path}, byte 0: expected a record");
        folder.Write("test_batch.bin", "version https://git-lfs.github.com/spec/v1\n");
        DataFolder.IsDamaged(Load, $"{path}, byte 0: expected a record of 3073 bytes, found the end of the file after 43: it seems to be a pointer of Git LFS");
        folder.Write("test_batch.bin", "<html>".PadRight(3073));
        DataFolder.IsDamaged(Load, $"{path}, byte 0: expected a label from 0 to 9, found 60: it seems to be HTML or XML");
        string hundred = folder.Write("test.bin", Record([20, 0], 0));
        DataFolder.IsDamaged(
            () => context.Data.LoadCifar100(folder.Path, DatasetSplit.Test), $"{hundred}, byte 0: expected a coarse label from 0 to 19, found 20");
        folder.Write("test.bin", Record([0, 100], 0));
        DataFolder.IsDamaged(
            () => context.Data.LoadCifar100(folder.Path, DatasetSplit.Test), $"{hundred}, byte 1: expected a fine label from 0 to 99, found 100");

        IDataView Load() => context.Data.LoadCifar10(folder.Path, DatasetSplit.Test);
    }

    [TestMethod]
    public void MissingFilesAndThePythonVersionAreNamed()
    {
        var missing = Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadCifar10(folder.Path));
        StringAssert.Contains(missing.Message, "data_batch_1.bin");
        folder.Write("data_batch_1", [0x80, 2]);
        var pickle = Assert.ThrowsExactly<InvalidDataException>(() => context.Data.LoadCifar10(folder.Path));
        StringAssert.StartsWith(pickle.Message, folder.Of("data_batch_1"));
        StringAssert.Contains(pickle.Message, "cifar-10-binary.tar.gz");
        var split = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Data.LoadCifar10(folder.Path, DatasetSplit.Extra));
        StringAssert.Contains(split.Message, "Train and Test");
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => context.Data.LoadCifar100(folder.Of("nowhere")));
    }

    [TestMethod]
    public void WhatIsKnownOfEachSetIsWhole()
    {
        foreach (DatasetInfo set in KnownDatasets.All)
        {
            Assert.HasCount(set.Channels, set.Mean, set.Name);
            Assert.HasCount(set.Channels, set.StandardDeviation, set.Name);
            Assert.IsTrue(set.ClassNames.Count == 0 || set.ClassNames.Count == set.ClassCount, set.Name);
            Assert.AreEqual(set.ClassNames.Count, set.ClassNames.Distinct().Count(), set.Name);
            Assert.IsTrue(set.Files.All(file => file.Md5 is null || (file.Md5.Length == 32 && file.Md5.All(char.IsAsciiHexDigitLower))), set.Name);
        }

        Assert.HasCount(20, RobustAttribution.MLNet.Datasets.CifarNames.Coarse);
        Assert.AreEqual("CUB_200_2011.tgz", KnownDatasets.Cub200.Files[0].FileName);
    }

    private static IEnumerable<byte> Record(byte[] labels, int seed)
        => labels.Concat(Enumerable.Range(0, 3072).Select(i => (byte)(((i * 7) + (seed * 31)) % 256)));
}
