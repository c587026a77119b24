using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Columns;

/// <summary>What image files hold beside 8-bit colours, and what is wrong with some.</summary>
[TestClass]
public sealed class ImageDecoderTests
{
    private static readonly SKColor[] Quarters = [SKColors.Red, SKColors.Lime, SKColors.Blue, SKColors.White]; // a b / c d
    private readonly DataFolder folder = new();

    [TestCleanup]
    public void Clean()
    {
        foreach (string path in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".ppm", StringComparison.Ordinal))) // known by the name there
        {
            IsTheSameFromMemory(path);
        }

        folder.Dispose();
    }

    [TestMethod]
    [DataRow(1, "abcd")]
    [DataRow(2, "badc")]
    [DataRow(3, "dcba")]
    [DataRow(4, "cdab")]
    [DataRow(5, "acbd")]
    [DataRow(6, "cadb")]
    [DataRow(7, "dbca")]
    [DataRow(8, "bdac")]
    public void TheExifOrientationIsApplied(int orientation, string expected)
    {
        byte[] jpeg = Encode(Quartered(64, 32), SKEncodedImageFormat.Jpeg);
        byte[] exif = [.. "Exif\0\0"u8, .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        string path = folder.Write("a.jpg", [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]]);
        using MLImage image = ImageDecoder.Decode(path);
        Assert.AreEqual(orientation < 5 ? (64, 32) : (32, 64), (image.Width, image.Height));
        string found = string.Concat(new[] { (1, 1), (3, 1), (1, 3), (3, 3) }.Select(
            place => (char)('a' + Nearest(image, place.Item1 * image.Width / 4, place.Item2 * image.Height / 4))));
        Assert.AreEqual(expected, found);
        using MLImage stored = ImageDecoder.Decode(path, path, upright: false);
        Assert.AreEqual((64, 32), (stored.Width, stored.Height));
        Assert.AreEqual(0, Nearest(stored, 16, 8));
    }

    [TestMethod]
    [DataRow(1, false, "abcd")]
    [DataRow(3, false, "dcba")]
    [DataRow(5, true, "acbd")]
    [DataRow(6, false, "cadb")]
    [DataRow(8, true, "bdac")]
    [DataRow(9, false, "abcd")] // no orientation
    public void SoIsThatOfAPng(int orientation, bool last, string expected)
    {
        byte[] png = Encode(Quartered(64, 32), SKEncodedImageFormat.Png);
        byte[] exif = [.. "eXIf"u8, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0];
        var checksum = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32(exif));
        Index place = last ? ^12 : 33; // before the end, or after the header
        string path = folder.Write("a.png", [.. png[..place], 0, 0, 0, (byte)(exif.Length - 4), .. exif, .. checksum, .. png[place..]]);
        using MLImage image = ImageDecoder.Decode(path);
        Assert.AreEqual(orientation is < 5 or 9 ? (64, 32) : (32, 64), (image.Width, image.Height));
        string found = string.Concat(new[] { (1, 1), (3, 1), (1, 3), (3, 3) }.Select(
            at => (char)('a' + Nearest(image, at.Item1 * image.Width / 4, at.Item2 * image.Height / 4))));
        Assert.AreEqual(expected, found);
    }

    [TestMethod]
    public void SoIsThatOfAWebP()
    {
        byte[] webp = Encode(Quartered(64, 32), SKEncodedImageFormat.Webp); // RIFF, size, WEBP, VP8 and what it holds
        byte[] extended = [.. "VP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, 63, 0, 0, 31, 0, 0]; // with EXIF, 64×32
        byte[] exif = [.. "EXIF"u8, 26, 0, 0, 0, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        byte[] turned = [.. webp[..12], .. extended, .. webp[12..], .. exif];
        BinaryPrimitives.WriteInt32LittleEndian(turned.AsSpan(4), turned.Length - 8);
        using MLImage image = ImageDecoder.Decode(folder.Write("a.webp", turned));
        Assert.AreEqual((32, 64), (image.Width, image.Height));
        Assert.AreEqual(2, Nearest(image, 8, 16)); // c, the lower left quarter, is at the upper left
    }

    [TestMethod]
    [DataRow("a.jpg", SKEncodedImageFormat.Jpeg)]
    [DataRow("a.webp", SKEncodedImageFormat.Webp)]
    [DataRow("a.png", SKEncodedImageFormat.Png)]
    public void AFileThatEndsTooSoonIsNamed(string name, SKEncodedImageFormat format)
    {
        byte[] content = Encode(Noise(200, 150), format);
        string path = folder.Write(name, content[..(content.Length / 2)]);
        Damaged(path, $"{path}: expected an image of 200×150 pixels (width × height), found the end of the file after a part of it.");
    }

    /// <summary>The decoder is content with all rows, and what is left of a damaged file may decompress to enough of them.</summary>
    [TestMethod]
    public void APngThatEndsBehindItsRowsIsNamed()
    {
        byte[] png = PngFile.Of(40, 30, new SKColor(90, 120, 60), new Random(1), 20, 9, 7);
        foreach (byte[] content in new byte[][] { [.. png[..313], .. png[326..]], png[..^13], png[..^12], png[..^5], png[..^1] }) // the first was found by mutation
        {
            string path = folder.Write("a.png", content);
            Damaged(path, $"{path}: expected an image of 40×30 pixels (width × height), found the end of the file after a part of it.");
        }

        using MLImage whole = ImageDecoder.Decode(folder.Write("a.png", png));
        using MLImage more = ImageDecoder.Decode(folder.Write("a.png", [.. png, .. "and more"u8]));
        CollectionAssert.AreEqual(whole.Pixels.ToArray(), more.Pixels.ToArray());
    }

    /// <summary>SkiaSharp takes any file that begins with two zeros for a WBMP image.</summary>
    [TestMethod]
    public void AFormatOutsideTheRulesIsRefused()
    {
        string path = folder.Write("a.png", [0, 0, 3, 2, 0xA0, 0x40]);
        Damaged(path, $"{path}: expected an image of the formats Jpeg, Png, Gif, Webp, Bmp or Ppm, found the format Wbmp.");
    }

    [TestMethod]
    public void TransparentPixelsAreLaidOnBlack()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(3, 1, SKColorType.Bgra8888, SKAlphaType.Unpremul));
        bitmap.SetPixel(0, 0, new SKColor(200, 100, 50, 255));
        bitmap.SetPixel(1, 0, new SKColor(200, 100, 50, 102));
        bitmap.SetPixel(2, 0, new SKColor(200, 100, 50, 0));
        using MLImage image = ImageDecoder.Decode(folder.Write("a.png", Encode(bitmap, SKEncodedImageFormat.Png)));
        CollectionAssert.AreEqual(new byte[] { 50, 100, 200, 255, 20, 40, 80, 255, 0, 0, 0, 255 }, image.Pixels.ToArray());
    }

    [TestMethod]
    [DataRow("16 bits", 16, 2, "C8C8646432320A0A14141E1E", null, "32,64,C8,1E,14,0A")]
    [DataRow("grey with alpha", 8, 4, "C8804DFF", null, "64,64,64,4D,4D,4D")]
    [DataRow("a palette with transparent colours", 8, 3, "0001", "80", "19,32,64,1E,14,0A")]
    [DataRow("one transparent colour", 8, 2, "C864320A141E", "00C800640032", "00,00,00,1E,14,0A")]
    public void EveryKindOfPngBecomesOpaqueBytes(string kind, int depth, int colorType, string row, string? transparency, string expected)
    {
        (string, byte[])[] palette = colorType == 3 ? [("PLTE", [200, 100, 50, 10, 20, 30])] : [];
        (string, byte[])[] transparent = transparency is null ? [] : [("tRNS", Convert.FromHexString(transparency))];
        byte[] header = [0, 0, 0, 2, 0, 0, 0, 1, (byte)depth, (byte)colorType, 0, 0, 0];
        using var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write([0, .. Convert.FromHexString(row)]);
        }

        (string, byte[])[] chunks = [("IHDR", header), .. palette, .. transparent, ("IDAT", packed.ToArray()), ("IEND", [])];
        string path = folder.Write("a.PNG", [0x89, .. "PNG\r\n\u001A\n"u8, .. chunks.SelectMany(chunk => Chunk(chunk.Item1, chunk.Item2))]);
        using MLImage image = ImageDecoder.Decode(path);
        string found = string.Join(',', image.Pixels.ToArray().Where((_, i) => i % 4 < 3).Select(value => value.ToString("X2")));
        Assert.AreEqual(expected, found, kind);
        Assert.AreEqual((255, 255), (image.Pixels[3], image.Pixels[7]));

        byte[] Chunk(string name, byte[] content)
        {
            byte[] named = [.. System.Text.Encoding.ASCII.GetBytes(name), .. content];
            byte[] chunk = [.. new byte[4], .. named, .. new byte[4]];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32(named));
            return chunk;
        }
    }

    [TestMethod]
    public void OtherColoursDepthsAndFramesBecomeOneOfEightBits()
    {
        string cmyk = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
            + "EBAQEB/8AAFAgAIAAgBAERAAIRAAMRAAQRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EABQQAQAAAAAAAAAAAAAAAAAAAAD/"
            + "2gAOBAEAAgADAAQAAD8A/wA/9/fw/v4f38AAP9/gB/kDgAP8AcB/r8AAP9/gB/kDgAP8AcB/r8AAP9/gB/kDgAP8AcB/r8AAP9/gB/kDgAP/2Q"
            + "==";
        byte[] animation =
        [
            .. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 200, 100, 50, 10, 20, 30, // 1×1, two colours
            0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, // the first colour
            0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0, 0x3B, // then the second
        ];
        AreDecoded("grey.png", Png(depth: 8, type: 0, [0, 100, 255]), 0, 0, 0, 255, 100, 100, 100, 255, 255, 255, 255, 255);
        AreDecoded("palette.png", Png(depth: 8, type: 3, [1, 0], [10, 20, 30, 200, 100, 50]), 50, 100, 200, 255, 30, 20, 10, 255);
        AreDecoded("deep.png", Png(depth: 16, type: 2, [200, 200, 100, 100, 50, 50]), 50, 100, 200, 255);
        AreDecoded("animation.gif", animation, 50, 100, 200, 255);
        using MLImage image = ImageDecoder.Decode(folder.Write("cmyk.jpg", Convert.FromBase64String(cmyk))); // cyan, and three quarters of black
        Assert.AreEqual((32, 32, MLPixelFormat.Bgra32), (image.Width, image.Height, image.PixelFormat));
        IEnumerable<string> found = image.Pixels.ToArray().Chunk(4).Select(pixel => string.Join(' ', pixel)).Distinct();
        CollectionAssert.AreEqual(new[] { "255 255 0 255", "64 64 64 255" }, found.ToArray());

        void AreDecoded(string name, byte[] content, params byte[] pixels)
        {
            using MLImage image = ImageDecoder.Decode(folder.Write(name, content));
            CollectionAssert.AreEqual(pixels, image.Pixels.ToArray(), name);
        }
    }

    [TestMethod]
    public void ABombIsRefusedByNameSizeAndLimitBeforeItIsDecoded()
    {
        byte[] png = Encode(Noise(4, 4), SKEncodedImageFormat.Png);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 24_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 24_000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32(png.AsSpan(12, 17)));
        byte[] jpeg = Encode(Noise(4, 4), SKEncodedImageFormat.Jpeg);
        int frame = jpeg.AsSpan().IndexOf(new byte[] { 0xFF, 0xC0 });
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 16_000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), 65_500);
        long before = Environment.WorkingSet;
        foreach ((string name, IEnumerable<byte> content, string size) in new[]
        {
            ("a.png", png, "24000×24000"), ("a.jpg", (IEnumerable<byte>)jpeg, "65500×16000"), ("a.ppm", "P6 20000 20000 255\n"u8.ToArray(
                ), "20000×20000"),
        })
        {
            string path = folder.Write(name, content);
            Damaged(path, $"{path}: the image has {size} pixels (width × height); allowed are 100,000,000 in all.");
        }

        Assert.IsLessThan(200_000_000, Environment.WorkingSet - before);
    }

    [TestMethod]
    [DataRow("", "an empty file")]
    [DataRow(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a pointer of Git LFS, in whose place 'git lfs pull' puts the image")]
    [DataRow("<!DOCTYPE html>", "HTML or XML")]
    [DataRow("\0\u0005\u0016\u0007\0\u0002\0\0", "a macOS resource file (AppleDouble)")]
    [DataRow("\u00FF\u00D8\u00FF\u00E0\0", "something that begins as a JPEG image and cannot be decoded")]
    [DataRow("\u001F\u008B\u0008\0", "a gzip file")]
    [DataRow("\0\0\0\u0020ftypheic\0\0", "a HEIC image or a video (ISO media file)")]
    [DataRow("\u0080\u0004\u0095\u0010\0\0\0\0\0\0\0}", "a Python pickle, as PyTorch's torch.save writes (.pt, .pth)")]
    [DataRow("nothing known", "something that cannot be decoded")]
    public void WhatAFileIsInsteadIsNamed(string content, string found)
    {
        string path = folder.Write("a.jpg", System.Text.Encoding.Latin1.GetBytes(content));
        Damaged(path, $"{path}: expected an image, found {found}.");
    }

    /// <summary>Each file of the other tests is decoded from memory too, to the same pixels or the same error.</summary>
    private static void IsTheSameFromMemory(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        Assert.AreEqual(Outcome(() => ImageDecoder.Decode(path)), Outcome(() => ImageDecoder.Decode(content, path)));

        static string Outcome(Func<MLImage> decode)
        {
            try
            {
                using MLImage image = decode();
                return $"{image.Width}×{image.Height} {image.PixelFormat} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(image.Pixels))}";
            }
            catch (InvalidDataException error)
            {
                return error.Message;
            }
        }
    }

    [TestMethod]
    public void AnUploadMayHaveALowerLimit()
    {
        byte[] png = PngFile.Plain(40, 30), ppm = [.. "P6 40 30 255 "u8, .. new byte[3600]];
        foreach (byte[] content in new[] { png, ppm })
        {
            using MLImage image = ImageDecoder.Decode(content, "upload", 1200);
            Assert.AreEqual((40, 30), (image.Width, image.Height));
            Assert.AreEqual(
                "upload: the image has 40×30 pixels (width × height); allowed are 1,199 in all.",
                Assert.ThrowsExactly<InvalidDataException>(() => ImageDecoder.Decode(content, "upload", 1199)).Message);
        }

        StringAssert.Contains(Assert.Throws<ArgumentException>(() => ImageDecoder.Decode(png, "upload", 0)).Message, "maximumPixels");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => ImageDecoder.Decode(png, "upload", 100_000_001)).Message, "maximumPixels");
    }

    [TestMethod]
    public void AMissingFileIsNamed()
        => StringAssert.Contains(
            Assert.ThrowsExactly<FileNotFoundException>(() => ImageDecoder.Decode(folder.Of("gone.png"))).Message, folder.Of("gone.png"));

    private static void Damaged(string path, string message)
        => Assert.AreEqual(message, Assert.ThrowsExactly<InvalidDataException>(() => ImageDecoder.Decode(path)).Message);

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    /// <summary>Four quarters of one colour each.</summary>
    private static SKBitmap Quartered(int width, int height)
    {
        var bitmap = new SKBitmap(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                bitmap.SetPixel(x, y, Quarters[(2 * (2 * y / height)) + (2 * x / width)]);
            }
        }

        return bitmap;
    }

    private static SKBitmap Noise(int width, int height)
    {
        var random = new Random(1);
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque));
        for (int i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, new SKColor((uint)random.Next() | 0xFF000000));
        }

        return bitmap;
    }

    private static int Nearest(MLImage image, int x, int y)
    {
        byte[] pixel = image.Pixels.Slice(4 * ((y * image.Width) + x), 4).ToArray();
        return Array.FindIndex(
            Quarters, color => Math.Abs(color.Blue - pixel[0]) + Math.Abs(color.Green - pixel[1]) + Math.Abs(color.Red - pixel[2]) < 60);
    }

    /// <summary>A PNG file of one row.</summary>
    private static byte[] Png(byte depth, byte type, byte[] row, byte[]? palette = null)
    {
        int channels = type == 2 ? 3 : 1;
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write([0, .. row]); // no filter
        }

        byte[] header = [0, 0, 0, (byte)(row.Length * 8 / depth / channels), 0, 0, 0, 1, depth, type, 0, 0, 0];
        return
        [
            0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", header), .. palette is null ? [] : Chunk("PLTE", palette),
            .. Chunk("IDAT", compressed.ToArray()), .. Chunk("IEND", []),
        ];

        static byte[] Chunk(string name, byte[] data)
        {
            byte[] named = [.. Encoding.ASCII.GetBytes(name), .. data], length = new byte[4], checksum = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
            BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32(named));
            return [.. length, .. named, .. checksum];
        }
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
