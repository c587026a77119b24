using System.Text;
using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>GTSRB's folders, tables and PPM images, made here.</summary>
[TestClass]
public sealed class GtsrbTests
{
    private const string Header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n";
    private readonly DataFolder folder = new();
    private readonly MLContext context = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DataRow("")]
    [DataRow("GTSRB/Final_Training/Images/")]
    [DataRow("GTSRB-Training_fixed/GTSRB/Training/")]
    public void ShowsTrainingImages(string inner)
    {
        WriteTraining(inner);
        List<Rows.Row> rows = Rows.Read(
            context.Data.LoadGtsrb(folder.Path, options: new DatasetOptions { ImagesAsMLImage = true, LabelsAsKey = true }));
        CollectionAssert.AreEqual(new[] { 1u, 1u, 43u }, rows.Select(row => (uint)row.Values["Label"]).ToArray());
        CollectionAssert.AreEqual(new[] { "00000/00000_00000.ppm", "00000/00000_00001.ppm", "00042/00000_00000.ppm" }, rows.Select(
            row => (string)row.Values["Id"]).ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 2f, 5f, 4f }, (float[])rows[0].Values["Box"]);
        byte[] pixels = (byte[])rows[0].Values["Image"];
        Assert.HasCount(4 * 6 * 5, pixels);
        CollectionAssert.AreEqual(new byte[] { 23, 22, 21, 255 }, pixels[28..32]);
    }

    [TestMethod]
    public void CropsToTheRegion()
    {
        WriteTraining(string.Empty);
        List<Rows.Row> cropped = Rows.Read(context.Data.LoadGtsrb(folder.Path, cropToRegion: true));
        IEnumerable<int> reds = from y in new[] { 2, 3 } from x in new[] { 1, 2, 3, 4 } select 3 * ((6 * y) + x);
        byte[] expected = [.. reds.SelectMany(red => new[] { (byte)(red + 2), (byte)(red + 1), (byte)red, (byte)255 })];
        CollectionAssert.AreEqual(expected, (byte[])cropped[0].Values["Image"]);
        Assert.IsFalse(cropped[0].Values.ContainsKey("Box"));
    }

    [TestMethod]
    public void ATableThatLacksAnImageOfItsFolderIsNamed()
    {
        WriteTraining(string.Empty);
        string table = folder.Of("00000/GT-00000.csv");
        string[] lines = File.ReadAllLines(table);
        File.WriteAllLines(table, lines[..^1]);
        string expected = $"{table}, line 2: expected a line about 00000_00001.ppm, which is in the folder '{folder.Of("00000")}', found the end of the file";
        DataFolder.IsDamaged(() => context.Data.LoadGtsrb(folder.Path), expected);
        folder.Write("a.ppm", Ppm(6, 5));
        folder.Write("b.ppm", Ppm(6, 5));
        string test = folder.Write("GT-final_test.csv", Header + "a.ppm;6;5;1;1;5;4;1\r\n");
        DataFolder.IsDamaged(() => context.Data.LoadGtsrb(folder.Path, DatasetSplit.Test), $"{test}, line 2: expected a line about b.ppm");
    }

    [TestMethod]
    public void ShowsTestImages()
    {
        folder.Write("GTSRB_Final_Test_Images/GTSRB/Final_Test/Images/00000.ppm", Ppm(6, 5));
        folder.Write("GTSRB_Final_Test_GT/GT-final_test.csv", Header + "00000.ppm;6;5;1;1;5;4;14\r\n");
        Rows.Row row = Rows.Read(context.Data.LoadGtsrb(folder.Path, DatasetSplit.Test)).Single();
        Assert.AreEqual("stop", row.Values["Label"]);
        Assert.AreEqual("test", row.Values["Split"]);
        Assert.AreEqual("00000.ppm", row.Values["Id"]);
    }

    [TestMethod]
    [DataRow("Filename,Width\r\n", "", "line 1: expected the header")]
    [DataRow(Header, "a.ppm;6;5;1;1;5;4\r\n", "line 2: expected 8 fields, found 7")]
    [DataRow(Header, "a.ppm;6;x;1;1;5;4;0\r\n", "line 2: expected a whole number in field 3, found 'x'")]
    [DataRow(Header, "a.ppm;6;5;1;1;5;4;1\r\n", "line 2: expected class 0, as the folder says, found 1")]
    [DataRow(Header, "a.ppm;6;5;5;1;5;4;0\r\n", "line 2: expected a region")]
    [DataRow(Header, "a.ppm;6;5;1;1;5;6;0\r\n", "line 2: expected a region")]
    [DataRow(Header, "a.ppm;6;5;1;1;7;4;0\r\n", "line 2: expected a region")]
    [DataRow(Header, "a.ppm;6;5;1;1;5;4;0\r\na.ppm;6;5;1;1;5;4;0\r\n", "line 3: expected each image once, found 'a.ppm' again, after line 2")]
    [DataRow(Header, "../a.ppm;6;5;1;1;5;4;0\r\n", "line 2: expected a file name without folder")]
    public void DamagedTablesAreNamed(string header, string lines, string message)
    {
        string table = folder.Write("00000/GT-00000.csv", header + lines);
        DataFolder.IsDamaged(() => context.Data.LoadGtsrb(folder.Path), $"{table}, {message}");
    }

    [TestMethod]
    public void ATestClassOutOfRangeIsNamed()
    {
        folder.Write("a.ppm", Ppm(6, 5));
        string table = folder.Write("GT-final_test.csv", Header + "a.ppm;6;5;1;1;5;4;43\r\n");
        DataFolder.IsDamaged(
            () => context.Data.LoadGtsrb(folder.Path, DatasetSplit.Test), $"{table}, line 2: expected a class from 0 to 42, found 43");
    }

    [TestMethod]
    public void MissingFilesAreNamed()
    {
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => context.Data.LoadGtsrb(folder.Path));
        StringAssert.Contains(
            Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadGtsrb(folder.Path, DatasetSplit.Test)).Message, "GT-final_test.csv");
        string table = folder.Write("00000/GT-00000.csv", Header + "gone.ppm;6;5;1;1;5;4;0\r\n");
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => Rows.Read(context.Data.LoadGtsrb(folder.Path)));
        StringAssert.StartsWith(error.Message, $"{table}, line 2: the image '{folder.Of("00000/gone.ppm")}' is missing");
        Assert.HasCount(1, Rows.Read(context.Data.LoadGtsrb(folder.Path), ["Label", "Id"]), "rows whose images nobody asks for");
    }

    [TestMethod]
    [DataRow("P5\n1 1\n255\nabc", "byte 0: expected the PPM magic number P6, found 0x5035")]
    [DataRow("<html>", "byte 0: expected the PPM magic number P6, found 0x3C68: it seems to be HTML or XML")]
    [DataRow("P", "byte 0: expected the PPM magic number P6, found the end of the file")]
    [DataRow("P6\n0 1\n255\n", "byte 3: expected a width from 1 to 32768 and white space, found 0")]
    [DataRow("P6\n1 99999\n255\n", "byte 5: expected a height")]
    [DataRow("P6 # wide\n1 1 15\nabc", "byte 16: expected 255 as the largest value, found 15")]
    [DataRow("P6\n1 1", "byte 5: expected a height from 1 to 32768 and white space, found the end of the file")]
    [DataRow("P6\n1 1\n255\nab", "byte 11: expected 3 bytes for 1×1 pixels, found 2 to the end of the file")]
    [DataRow("P6\n1 1\n255\nabcd", "byte 11: expected 3 bytes for 1×1 pixels, found 4 to the end of the file")]
    public void DamagedImagesAreNamed(string content, string message)
    {
        folder.Write("00000/GT-00000.csv", Header + "a.ppm;6;5;1;1;5;4;0\r\n");
        string image = folder.Write("00000/a.ppm", content);
        DataFolder.IsDamaged(() => context.Data.LoadGtsrb(folder.Path), $"{image}, {message}");
    }

    [TestMethod]
    public void ARegionOutsideTheImageIsNamed()
    {
        string table = folder.Write("00000/GT-00000.csv", Header + "a.ppm;6;5;1;1;5;4;0\r\n");
        folder.Write("00000/a.ppm", Ppm(4, 4));
        DataFolder.IsDamaged(
            () => context.Data.LoadGtsrb(folder.Path), $"{table}, line 2: expected a region inside the image's 4×4 pixels, found one to 5, 4");
    }

    /// <summary>An image whose bytes count up from 0.</summary>
    private static IEnumerable<byte> Ppm(int width, int height)
        => Encoding.ASCII.GetBytes(
            $"P6\n# made by a test\n{width} {height}\n255\n").Concat(Enumerable.Range(0, 3 * width * height).Select(i => (byte)i));

    private void WriteTraining(string inner)
    {
        folder.Write($"{inner}00000/GT-00000.csv", Header + "00000_00000.ppm;6;5;1;2;5;4;0\r\n00000_00001.ppm;6;5;0;0;6;5;0\r\n");
        folder.Write($"{inner}00042/GT-00042.csv", Header + "00000_00000.ppm;6;5;1;2;5;4;42\r\n");
        foreach (string name in new[] { "00000/00000_00000", "00000/00000_00001", "00042/00000_00000" })
        {
            folder.Write($"{inner}{name}.ppm", Ppm(6, 5));
        }
    }
}
