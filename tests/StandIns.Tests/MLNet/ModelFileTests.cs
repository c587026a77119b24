using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class ModelFileTests
{
    private readonly MLContext _context = new(seed: 1);

    public static IEnumerable<object[]> Estimators => Pipelines.All.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Estimators))]
    public void ALoadedModelDoesWhatTheSavedOneDid(string name)
    {
        var data = Pipelines.Data(_context);
        var model = Pipelines.All[name](_context).Fit(data);
        using var file = new MemoryStream();
        _context.Model.Save(model, data.Schema, file);
        file.Position = 0;
        var other = new MLContext(seed: 9);
        var loaded = other.Model.Load(file, out var schema);
        CollectionAssert.AreEqual(data.Schema.Select(column => column.ToString()).ToArray(), schema.Select(column => column.ToString()).ToArray());
        Assert.AreEqual(Pipelines.Describe(model.Transform(data)), Pipelines.Describe(loaded.Transform(data)));
    }

    [TestMethod]
    public void APathWorksLikeAStreamAndTheSchemaMayBeMissing()
    {
        string path = Path.GetTempFileName();
        try
        {
            var data = Pipelines.Data(_context);
            _context.Model.Save(_context.Transforms.CopyColumns("Copy", "Number").Fit(data), null, path);
            var model = _context.Model.Load(path, out var schema);
            Assert.IsNull(schema);
            Assert.HasCount(5, model.Transform(data).GetColumn<float>("Copy").ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void AModelFileIsAZipArchive()
    {
        var data = Pipelines.Data(_context);
        var chain = _context.Transforms.CopyColumns("Copy", "Number").Append(_context.Transforms.Conversion.MapValueToKey("Text"));
        using var file = new MemoryStream();
        _context.Model.Save(chain.Fit(data), data.Schema, file);
        using var archive = new ZipArchive(file, ZipArchiveMode.Read);
        string[] entries = archive.Entries.Select(entry => entry.FullName.Replace('\\', '/')).ToArray();
        CollectionAssert.IsSubsetOf(
            new[]
            {
                "Schema", "TrainingInfo/Version.txt", "TransformerChain/Model.key", "TransformerChain/Transform_000/Model.key",
                "TransformerChain/Transform_001/Model.key", "TransformerChain/Transform_001/Vocabulary/Model.key",
            },
            entries);
    }

    [TestMethod]
    public void WhatIsNoZipArchiveIsAFormatError()
    {
        using var noise = new MemoryStream([1, 2, 3, 4, 5, 6, 7, 8]);
        Assert.ThrowsExactly<FormatException>(() => _context.Model.Load(noise, out _));
        using var truncated = new MemoryStream(Saved()[..^30]);
        Assert.ThrowsExactly<FormatException>(() => _context.Model.Load(truncated, out _));
    }

    [TestMethod]
    public void AnArchiveWithoutAModelIsAnError()
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
            archive.CreateEntry("readme.txt").Open().Dispose();
        file.Position = 0;
        Assert.ThrowsExactly<InvalidOperationException>(() => _context.Model.Load(file, out _));
    }

    [TestMethod]
    [DataRow(0, DisplayName = "the head mark")]
    [DataRow(0x18, DisplayName = "the length of the data")]
    [DataRow(0x40, DisplayName = "the component's own mark")]
    [DataRow(0x50, DisplayName = "the loader's name")]
    [DataRow(-1, DisplayName = "the tail mark")]
    public void ADamagedEntryIsAFormatError(int offset)
    {
        byte[] damaged = Change(Saved(), "TransformerChain/Transform_000/Model.key", bytes => bytes[offset < 0 ? ^1 : offset] ^= 0x55);
        using var file = new MemoryStream(damaged);
        Exception error = Assert.Throws<Exception>(() => _context.Model.Load(file, out _));
        while (error is not FormatException && error.InnerException != null)
            error = error.InnerException;
        Assert.IsInstanceOfType<FormatException>(error);
    }

    [TestMethod]
    public void AMappingWithoutContractCannotBeSaved()
    {
        var probe = new ProbeView(1);
        var model = _context.Transforms.CustomMapping<Number, Twice>((source, target) => target.Double = 2 * source.Value, null!, Renamed()).Fit(probe);
        using var file = new MemoryStream();
        Assert.ThrowsExactly<InvalidOperationException>(() => _context.Model.Save(model, probe.Schema, file));

        static SchemaDefinition Renamed()
        {
            var definition = SchemaDefinition.Create(typeof(Number));
            definition["Value"].ColumnName = "Number";
            return definition;
        }
    }

    [TestMethod]
    public void AMappingWithUnknownContractIsNamedWhenLoaded()
    {
        var data = Pipelines.Data(_context);
        var model = _context.Transforms.CustomMapping<Pipelines.Row, Twice>((source, target) => target.Double = 2 * source.Number, "nobody knows").Fit(data);
        using var file = new MemoryStream();
        _context.Model.Save(model, data.Schema, file);
        file.Position = 0;
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        var messages = new List<string>();
        for (Exception? inner = error; inner != null; inner = inner.InnerException)
            messages.Add(inner.Message);
        Assert.Contains("nobody knows", string.Join('\n', messages));
    }

    private static byte[] Change(byte[] model, string entry, Action<byte[]> change)
    {
        using var file = new MemoryStream();
        file.Write(model);
        using (var archive = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            var found = archive.Entries.Single(candidate => candidate.FullName.Replace('\\', '/') == entry);
            using var stream = found.Open();
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            change(bytes);
            stream.Position = 0;
            stream.Write(bytes);
        }

        return file.ToArray();
    }

    private byte[] Saved()
    {
        var data = Pipelines.Data(_context);
        using var file = new MemoryStream();
        _context.Model.Save(_context.Transforms.CopyColumns("Copy", "Number").Append(_context.Transforms.CopyColumns("B", "Copy")).Fit(data), data.Schema, file);
        return file.ToArray();
    }

    private sealed class Number
    {
        public float Value { get; set; }
    }

    private sealed class Twice
    {
        public float Double { get; set; }
    }
}
