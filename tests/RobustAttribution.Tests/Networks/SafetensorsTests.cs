using System.Buffers.Binary;
using System.Text;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class SafetensorsTests
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16,
        ScalarType.Int64, ScalarType.Int32, ScalarType.Byte, ScalarType.Bool,
    ];

    /// <summary>What is wrong, the header, the bytes of data behind it, and what the message must say.</summary>
    public static IEnumerable<object[]> Damages =>
    [
        ["not JSON", "{oops", 0, "not valid JSON"],
        ["not an object", "[1, 2]", 0, "'{'"],
        ["invalid UTF-8", "{\"\u00ff\u00fe", 0, "JSON"],
        ["duplicate name", Header(("a", "F32", "[1]", "[0,4]"), ("a", "F32", "[1]", "[4,8]")), 8, "'a' is in the header twice"],
        ["duplicate property", """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "Tensor 'a'"],
        ["unknown property", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, "more"],
        ["missing property", """{"a":{"dtype":"F32","shape":[1]}}""", 4, "data_offsets"],
        ["entry is a number", """{"a":5}""", 0, "Tensor 'a'"],
        ["unknown type", Header(("a", "F99", "[1]", "[0,4]")), 4, "Tensor 'a': dtype is \"F99\"; allowed are F64, F32"],
        ["type is a number", """{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", 4, "dtype is 32"],
        ["negative extent", Header(("a", "F32", "[-1]", "[0,4]")), 4, "shape is [-1]"],
        ["fractional extent", Header(("a", "F32", "[1.5]", "[0,4]")), 4, "shape is [1.5]"],
        ["shape is text", Header(("a", "F32", "\"1\"", "[0,4]")), 4, "shape is \"1\""],
        ["shape against bytes", Header(("a", "F32", "[2]", "[0,4]")), 4, "does not take the 4 bytes"],
        ["overflowing shape", Header(("a", "F32", "[4611686018427387904,4]", "[0,0]")), 0, "does not take the 0 bytes"],
        ["overflowing empty shape", Header(("a", "F32", "[0,4611686018427387904,4]", "[0,0]")), 0, "does not take the 0 bytes"],
        ["offsets the wrong way round", Header(("a", "F32", "[1]", "[4,0]")), 4, "data_offsets is [4, 0]"],
        ["three offsets", Header(("a", "F32", "[1]", "[0,4,8]")), 4, "data_offsets is [0, 4, 8]"],
        ["overlap", Header(("a", "F32", "[2]", "[0,8]"), ("b", "F32", "[1]", "[4,8]")), 8, "'b' starts at byte 4 and overlaps tensor 'a'"],
        ["gap", Header(("a", "F32", "[1]", "[0,4]"), ("b", "F32", "[1]", "[8,12]")), 12, "'b' starts at byte 8; tensor 'a' ends at byte 4"],
        ["gap at the beginning", Header(("a", "F32", "[1]", "[4,8]")), 8, "no gaps"],
        ["truncated data", Header(("a", "F32", "[1]", "[0,4]"), ("b", "F32", "[2]", "[4,12]")), 11, "'b'"],
        ["bytes left over", Header(("a", "F32", "[1]", "[0,4]")), 5, "follow the last tensor"],
        ["petabytes promised", Header(("a", "U8", "[1125899906842624]", "[0,1125899906842624]")), 5, "'a'"],
        ["gigabyte promised", Header(("a", "U8", "[1073741824]", "[0,1073741824]")), 5, "'a'"],
        ["metadata is no object", """{"__metadata__":3}""", 0, "__metadata__"],
        ["metadata is no text", """{"__metadata__":{"a":3}}""", 0, "__metadata__ 'a'"],
        ["boolean is neither 0 nor 1", Header(("a", "BOOL", "[2]", "[0,2]")), 2, "neither 0 nor 1"],
    ];

    [TestMethod]
    public void EveryTypeComesBackBitForBit()
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(2, CPU);
        Dictionary<string, Tensor> tensors = Types.ToDictionary(
            type => type.ToString(), type => (randn([3, 5], ScalarType.Float64, CPU, false, generator) * 3).to(type));
        tensors.Add("scalar", tensor(2.5));
        tensors.Add("empty", zeros([0, 3], ScalarType.Float32, CPU));
        tensors.Add("transposed", arange(6, ScalarType.Float32, CPU).reshape(2, 3).t());
        using var stream = new MemoryStream();
        Safetensors.Write(stream, tensors, new Dictionary<string, string> { ["who"] = "τέστ" });

        foreach (bool seekable in new[] { true, false })
        {
            stream.Position = 0;
            using SafetensorsContent content = Safetensors.Read(seekable ? stream : new OneByteAtATime(stream));
            Assert.AreEqual("τέστ", content.Metadata["who"]);
            CollectionAssert.AreEquivalent(tensors.Keys, content.Tensors.Keys.ToArray());
            foreach ((string name, Tensor expected) in tensors)
            {
                Assert.AreEqual(expected.dtype, content.Tensors[name].dtype, name);
                Values.AreClose(expected, content.Tensors[name], 0, name);
            }
        }
    }

    [TestMethod]
    public void PythonsFileIsRead()
    {
        using SafetensorsContent content = Safetensors.Read(GoldenFile.Path("Networks", "types.safetensors"));
        double[] ramp = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5];
        (string Name, ScalarType Type)[] floating =
            [("f64", ScalarType.Float64), ("f32", ScalarType.Float32), ("f16", ScalarType.Float16), ("bf16", ScalarType.BFloat16)];
        foreach ((string name, ScalarType type) in floating)
        {
            Assert.AreEqual(type, content.Tensors[name].dtype);
            CollectionAssert.AreEqual(new long[] { 2, 3 }, content.Tensors[name].shape);
            CollectionAssert.AreEqual(ramp, Values.Of(content.Tensors[name]), name);
        }

        CollectionAssert.AreEqual(new[] { -(1L << 62), 7L }, content.Tensors["i64"].data<long>().ToArray());
        CollectionAssert.AreEqual(new double[] { -5, 6 }, Values.Of(content.Tensors["i32"]));
        CollectionAssert.AreEqual(new double[] { 0, 255 }, Values.Of(content.Tensors["u8"]));
        CollectionAssert.AreEqual(new double[] { 1, 0 }, Values.Of(content.Tensors["bool"]));
        CollectionAssert.AreEqual(Array.Empty<long>(), content.Tensors["scalar"].shape);
        CollectionAssert.AreEqual(new long[] { 0, 3 }, content.Tensors["empty"].shape);
        CollectionAssert.AreEqual(new double[] { 1 }, Values.Of(content.Tensors["näme.mit ümlaut"]));
        Assert.AreEqual("make_networks.py", content.Metadata["made by"]);
    }

    [TestMethod]
    [DynamicData(nameof(Damages))]
    public void DamageIsNamed(string damage, string header, int dataLength, string expected)
    {
        byte[] text = Encoding.Latin1.GetBytes(header), bytes = new byte[8 + text.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        bytes.AsSpan(8 + text.Length).Fill(0x7f);

        foreach (Stream stream in new Stream[] { new MemoryStream(bytes), new OneByteAtATime(new MemoryStream(bytes)) })
        {
            FormatException error = Assert.ThrowsExactly<FormatException>(() => Safetensors.Read(stream), damage);
            StringAssert.Contains(error.Message, expected, damage);
        }
    }

    [TestMethod]
    public void ImpossibleHeaderLengthsAreRefusedWithoutTakingMemory()
    {
        foreach (ulong length in new ulong[] { 0, 100_000_001, ulong.MaxValue, 99_999_999 })
        {
            var bytes = new byte[20];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            long before = GC.GetAllocatedBytesForCurrentThread();
            StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => Safetensors.Read(new MemoryStream(bytes))).Message, "header");
            Assert.IsLessThan(4_000_000L, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.ThrowsExactly<FormatException>(() => Safetensors.Read(new MemoryStream([1, 2, 3])));
    }

    [TestMethod]
    [DataRow("PK\u0003\u0004\0\0\u0008\u0008", ", but a zip file, as torch.save writes (.pt, .pth)")]
    [DataRow("\u0080\u0002}q\0(X\u0005", ", but a pickle of Python's, which is not read")]
    [DataRow("<!DOCTYPE html>", ", but HTML or XML")]
    [DataRow("version https://git-lfs.github.com/spec/v1", ", but a pointer of Git LFS, in whose place 'git lfs pull' puts the file")]
    [DataRow("no such thing", ": the header's length is")]
    public void WhatAStreamIsInsteadIsNamed(string content, string expected)
    {
        FormatException error = Assert.ThrowsExactly<FormatException>(() => Safetensors.Read(new MemoryStream(Encoding.Latin1.GetBytes(content))));
        StringAssert.StartsWith(error.Message, $"Not safetensors{expected}");
    }

    [TestMethod]
    public void RandomDamageIsAFormatExceptionOrHarmless()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        Safetensors.Write(
            stream, new Dictionary<string, Tensor> { ["weight"] = ones([2, 3]), ["mask"] = ones([5], ScalarType.Bool), ["n"] = tensor(3L) });
        byte[] whole = stream.ToArray();
        var random = new Random(1);
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = round % 3 == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
            for (int i = 0; i < random.Next(4) && damaged.Length > 0; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Safetensors.Read(round % 2 == 0 ? new MemoryStream(damaged) : new OneByteAtATime(new MemoryStream(damaged))).Dispose();
            }
            catch (FormatException)
            {
                refused++;
            }
        }

        Assert.IsGreaterThan(1000, refused);
    }

    [TestMethod]
    public void WrongWritesAreNamed()
    {
        using var scope = NewDisposeScope();
        KeyValuePair<string, Tensor>[] twice = [new("a", ones([1])), new("a", ones([1]))];
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Safetensors.Write(new MemoryStream(), twice)).Message, "'a'");
        Assert.ThrowsExactly<ArgumentException>(() => Safetensors.Write(new MemoryStream(), [new("__metadata__", ones([1]))]));
        StringAssert.Contains(
            Assert.ThrowsExactly<NotSupportedException>(
                () => Safetensors.Write(new MemoryStream(), [new("odd", ones([1], ScalarType.Int16))])).Message,
            "'odd'");
    }

    [TestMethod]
    public void AFileIsReplacedWhole()
    {
        using var scope = NewDisposeScope();
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Safetensors.Write(path, [new("a", ones([2]))]);
            Assert.ThrowsExactly<NotSupportedException>(() => Safetensors.Write(path, [new("a", zeros([2], ScalarType.Int16))]));
            using (SafetensorsContent content = Safetensors.Read(path))
            {
                CollectionAssert.AreEqual(new double[] { 1, 1 }, Values.Of(content.Tensors["a"]));
            }

            File.WriteAllText(path, "nonsense");
            StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => Safetensors.Read(path)).Message, path);
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".part");
        }
    }

    private static string Header(params (string Name, string Type, string Shape, string Offsets)[] entries)
    {
        IEnumerable<string> written = entries.Select(entry =>
            $"\"{entry.Name}\":{{\"dtype\":\"{entry.Type}\",\"shape\":{entry.Shape},\"data_offsets\":{entry.Offsets}}}");
        return "{" + string.Join(',', written) + "}";
    }

    /// <summary>A stream like a network's: not seekable, and stingy.</summary>
    private sealed class OneByteAtATime(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, 1));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
