using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;
using static RobustAttribution.MLNet.Tests.Fixtures.MatWriter;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>SVHN's MATLAB files, made here from the published description of level 5 MAT-files.</summary>
[TestClass]
public sealed class SvhnTests
{
    private readonly DataFolder folder = new();
    private readonly MLContext context = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ShowsImagesAndLabels(bool compress)
    {
        Write([.. Header(), .. Element(Matrix("other", [1, 3], [1, 2, 3]), compress), .. Element(Images(3), compress), .. Element(Labels(10, 1, 9), compress)]);
        List<Rows.Row> rows = Rows.Read(context.Data.LoadSvhn(folder.Path, DatasetSplit.Extra));
        CollectionAssert.AreEqual(new[] { "0", "1", "9" }, rows.Select(row => (string)row.Values["Label"]).ToArray());
        Assert.AreEqual("extra", rows[2].Values["Split"]);
        float[] image = (float[])rows[2].Values["Image"];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < 32; y++)
            {
                for (int x = 0; x < 32; x++)
                {
                    Assert.AreEqual(Value(y, x, channel, 2), image[(channel * 1024) + (y * 32) + x], $"{channel} {y} {x}");
                }
            }
        }
    }

    [TestMethod]
    public void ASingleImageHasThreeDimensions()
    {
        Write([.. Header(), .. Element(Matrix("X", [32, 32, 3], Values(1)), true), .. Element(Labels(7), true)]);
        Assert.AreEqual("7", Rows.Read(Load()).Single().Values["Label"]);
    }

    [TestMethod]
    public void WrongHeadersAreNamed()
    {
        byte[] content = [.. Header(), .. Element(Images(1), true), .. Element(Labels(1), true)];
        Damaged(content[..100], "byte 100: expected a MAT-file's header of 128 bytes, found the end of the file");
        Damaged(System.Text.Encoding.ASCII.GetBytes("<!DOCTYPE html>"), "byte 15: expected a MAT-file's header of 128 bytes, found the end of the file: it seems to be HTML");
        Damaged([.. "\u0089HDF\r\n\u001A\n".Select(letter => (byte)letter), .. new byte[200]], "byte 126: expected a little-endian level 5 MAT-file's mark 'IM', found 0x0000: it seems to be an HDF5 file");
        Damaged(With(content, 126, (byte)'M'), "byte 126: expected a little-endian level 5 MAT-file's mark 'IM', found 0x4D4D");
        Damaged(With(content, 125, 2), "byte 124: expected version 0x0100, found 0x0200 (version 7.3, HDF5");
        Damaged(With(content, 128, 3), "byte 128: expected an element of type 14 (array) or 15 (compressed), found type 3");
    }

    [TestMethod]
    public void CutOffFilesAndBrokenStreamsAreNamed()
    {
        byte[] content = [.. Header(), .. Element(Images(1), true), .. Element(Labels(1), true)];
        Damaged(content[..^3], "byte ");
        Damaged(content[..132], "byte 128: expected an element's tag of 8 bytes");
        Damaged(With(content, 136, 0x55), "byte 128: expected a zlib stream");
        byte[] plain = [.. Header(), .. Element(Images(1), false)];
        Damaged(plain, $"byte {plain.Length}: expected an array named y, found the end of the file");
        byte[] shortStream = Compress(Images(1)[..2000]);
        Damaged([.. Header(), .. Tag(15, shortStream.Length), .. shortStream], "byte 128: expected 3072 bytes in the compressed element");
    }

    [TestMethod]
    public void AFlippedBitInACompressedArrayIsNamed()
    {
        byte[] labels = Element(Labels(1, 2, 3, 4, 5, 6, 7, 8, 9), true); // the padding behind the ninth is not needed
        byte[] content = [.. Header(), .. labels, .. Element(Images(9), true)];
        int end = Header().Length + labels.Length;
        for (int bit = 0; bit < 32; bit++)
        {
            int at = end - 1 - (bit / 8); // of the Adler-32 checksum
            Damaged(With(content, at, (byte)(content[at] ^ (1 << (bit % 8)))), "byte 128: expected a zlib stream");
        }
    }

    [TestMethod]
    public void WrongContentIsNamed()
    {
        Damaged([.. Header(), .. Element(Images(2), true), .. Element(Labels(1, 11), true)], "byte ", "expected labels from 1 to 10 in y, found 11 as label 1");
        Damaged([.. Header(), .. Element(Images(2), true), .. Element(Labels(0, 1), true)], "byte ", "expected labels from 1 to 10 in y, found 0 as label 0");
        Damaged([.. Header(), .. Element(Images(2), true), .. Element(Labels(1), true)], "byte ", "expected 2 labels in y, as many as there are images in X, found 1");
        Damaged([.. Header(), .. Element(Matrix("X", [32, 16, 6, 1], Values(1)), true), .. Element(Labels(1), true)], "byte 128: expected X of 32×32×3×N values, found 32×16×6×1");
        Damaged([.. Header(), .. Element(Images(1), true), .. Element(Images(1), true)], "byte ", "expected one array X, found another of that name");
        Damaged([.. Header(), .. Element(Matrix("X", [32, 32, 3, 2], Values(1)), false)], "byte ", "expected 6144 values (32×32×3×2) in X, found 3072");
        Damaged([.. Header(), .. Element(Matrix("X", [32, 32, 3, 1], Values(1), type: 9), false)], "byte ", "expected bytes (type 2) in X, found type 9");
        Damaged([.. Header(), .. Element(Matrix("X", [32, 32, 3, 1], Values(1), flags: 8), false)], "byte ", "expected real values in X, found complex ones");
        Damaged([.. Header(), .. Element(Matrix("X", [1 << 30, 32, 3, 1], Values(1)), false)], "byte ", "expected dimensions of X whose product is 1 to");
    }

    [TestMethod]
    public void AMissingFileIsNamed()
        => StringAssert.Contains(
            Assert.ThrowsExactly<FileNotFoundException>(() => context.Data.LoadSvhn(folder.Path, DatasetSplit.Test)).Message, "test_32x32.mat");

    private static float Value(int row, int column, int channel, int image) => ((row * 3) + (column * 5) + (channel * 11) + (image * 17)) % 256;

    private static byte[] Values(int count)
    {
        byte[] values = new byte[count * 3072];
        for (int at = 0; at < values.Length; at++)
        {
            values[at] = (byte)Value(at % 32, at / 32 % 32, at / 1024 % 3, at / 3072); // column-major
        }

        return values;
    }

    private static byte[] Images(int count) => Matrix("X", [32, 32, 3, count], Values(count));

    private static byte[] Labels(params byte[] labels) => Matrix("y", [labels.Length, 1], labels);

    private static byte[] With(byte[] content, int position, byte value)
    {
        byte[] changed = [.. content];
        changed[position] = value;
        return changed;
    }

    private string Write(byte[] content) => folder.Write("extra_32x32.mat", content);

    private IDataView Load() => context.Data.LoadSvhn(folder.Path, DatasetSplit.Extra);

    private void Damaged(byte[] content, string place, string? what = null)
    {
        string path = Write(content);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Rows.Read(Load()));
        StringAssert.StartsWith(error.Message, $"{path}, {place}");
        StringAssert.Contains(error.Message, what ?? place);
    }
}
