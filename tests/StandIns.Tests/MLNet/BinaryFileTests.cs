using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class BinaryFileTests
{
    private readonly MLContext _context = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("binary").FullName;
    private int _files;

    private string LastFile => Path.Combine(_folder, $"{_files}.idv");

    [TestCleanup]
    public void DeleteFiles() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2500)]
    public void AllKindsOfValuesComeBack(int rows)
    {
        var source = _context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(Everything.At).ToArray());
        var loaded = SaveAndLoad(source);
        Assert.AreEqual(rows, loaded.GetRowCount());
        foreach (var column in source.Schema)
            Assert.IsTrue(column.Type.Equals(loaded.Schema[column.Name].Type), $"{column} became {loaded.Schema[column.Name]}");
        var back = _context.Data.CreateEnumerable<Everything>(loaded, reuseRowObject: false).ToArray();
        Assert.HasCount(rows, back);
        for (int i = 0; i < rows; i++)
            Everything.At(i).AssertEqual(back[i]);
    }

    [TestMethod]
    public void KeyValuesAndSlotNamesComeBack()
    {
        var source = _context.Data.LoadFromEnumerable(Enumerable.Range(0, 10).Select(Everything.At).ToArray());
        var chain = _context.Transforms.Conversion.MapValueToKey("Label", "Text").Append(_context.Transforms.Concatenate("Both", "Number", "Number"));
        var loaded = SaveAndLoad(chain.Fit(source).Transform(source));
        VBuffer<ReadOnlyMemory<char>> values = default;
        loaded.Schema["Label"].GetKeyValues(ref values);
        Assert.AreEqual("text 0", values.GetItemOrDefault(0).ToString());
        Assert.IsTrue(loaded.Schema["Both"].HasSlotNames());
    }

    [TestMethod]
    public void HiddenColumnsAreSavedOnRequestOnly()
    {
        var probe = new ProbeView(3);
        var replaced = _context.Transforms.CopyColumns("Number", "Square").Fit(probe).Transform(probe);
        Assert.AreEqual(2, SaveAndLoad(replaced).Schema.Count);
        Assert.AreEqual(3, SaveAndLoad(replaced, keepHidden: true).Schema.Count);
        CollectionAssert.AreEqual(new float[] { 0, 1, 4 }, SaveAndLoad(replaced).GetColumn<float>("Number").ToArray());
    }

    [TestMethod]
    public void ADamagedFileIsAFormatError()
    {
        SaveAndLoad(_context.Data.LoadFromEnumerable(Enumerable.Range(0, 50).Select(Everything.At).ToArray()));
        byte[] good = File.ReadAllBytes(LastFile);
        foreach (byte[] bad in new[] { [], good[..100], good[..^9], [.. good[..^1], 1], [1, .. good[1..]] })
        {
            _files++;
            File.WriteAllBytes(LastFile, bad);
            var error = Assert.Throws<Exception>(() => _context.Data.LoadFromBinary(LastFile));
            Assert.IsTrue(error is FormatException or EndOfStreamException, error.ToString());
        }

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromBinary(LastFile + ".missing"));
    }

    private IDataView SaveAndLoad(IDataView data, bool keepHidden = false)
    {
        _files++; // a loaded view may keep its file open
        using (var stream = File.Create(LastFile))
            _context.Data.SaveAsBinary(data, stream, keepHidden);
        return _context.Data.LoadFromBinary(LastFile);
    }

    private sealed class Everything
    {
        public float Number { get; set; }

        public long Long { get; set; }

        public byte Byte { get; set; }

        public string Text { get; set; } = "";

        public bool Flag { get; set; }

        [KeyType(5)]
        public uint Key { get; set; }

        [VectorType(2, 2)]
        public float[] Picture { get; set; } = [0, 0, 0, 0];

        public double[] Loose { get; set; } = [];

        public string[] Words { get; set; } = [];

        [VectorType(6)]
        public VBuffer<int> Sparse { get; set; } = new(6, 0, [], []);

        public DateTime When { get; set; }

        public DateTimeOffset There { get; set; }

        public TimeSpan Span { get; set; }

        public static Everything At(int i) => new()
        {
            Number = i / 3f, Long = -i * 10_000_000_000, Byte = (byte)i, Text = $"text {i % 7}", Flag = i % 3 == 0, Key = (uint)(i % 5),
            Picture = [i, 1, -i, 0.5f], Loose = Enumerable.Repeat(1.0 / (i + 1), i % 4).ToArray(), Words = [$"w{i}", ""],
            Sparse = i % 2 == 0 ? new(6, 2, [i, -i], [i % 3, 4]) : new(6, [1, 2, 3, 4, 5, i]), When = new DateTime(2000, 1, 1).AddHours(i),
            There = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.FromHours(i % 10)), Span = TimeSpan.FromSeconds(i),
        };

        public void AssertEqual(Everything other)
        {
            Assert.AreEqual((Number, Long, Byte, Text, Flag), (other.Number, other.Long, other.Byte, other.Text, other.Flag));
            Assert.AreEqual(Key + 1, other.Key);
            Assert.AreEqual((When, There, Span), (other.When, other.There, other.Span));
            CollectionAssert.AreEqual(Picture, other.Picture);
            CollectionAssert.AreEqual(Loose, other.Loose);
            CollectionAssert.AreEqual(Words, other.Words);
            Assert.AreEqual(Sparse.IsDense, other.Sparse.IsDense);
            CollectionAssert.AreEqual(Sparse.DenseValues().ToArray(), other.Sparse.DenseValues().ToArray());
        }
    }
}
