using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

/// <summary>Text loaders, and model files that hold one.</summary>
[TestClass]
public sealed class DataLoaderTests
{
    private readonly MLContext _context = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("data-loader-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void FieldsBecomeColumnsOfTheirKind()
    {
        string first = Write("first.txt", "a\t1\t2.5\tx\n\nb\t-3\t0.25\ty z\n");
        string second = Write("second.txt", "c\t7\t1e3\t\n");
        var loader = _context.Data.CreateTextLoader([new("Name", DataKind.String, 0), new("Number", DataKind.Int32, 1), new("Both", DataKind.Single, 1, 2), new("Last", DataKind.String, 3)]);
        var schema = loader.GetOutputSchema();
        CollectionAssert.AreEqual(new[] { "Name", "Number", "Both", "Last" }, schema.Select(column => column.Name).ToArray());
        Assert.AreEqual(NumberDataViewType.Int32, schema["Number"].Type);
        Assert.AreEqual(2, ((VectorDataViewType)schema["Both"].Type).Size);

        var view = loader.Load(first, second);

        Assert.IsFalse(view.CanShuffle);
        for (int pass = 0; pass < 2; pass++)
        {
            CollectionAssert.AreEqual(new[] { "a", "b", "c" }, view.GetColumn<string>("Name").ToArray());
            CollectionAssert.AreEqual(new[] { 1, -3, 7 }, view.GetColumn<int>("Number").ToArray());
            CollectionAssert.AreEqual(new[] { 1, 2.5f, -3, 0.25f, 7, 1000 }, view.GetColumn<float[]>("Both").SelectMany(values => values).ToArray());
            CollectionAssert.AreEqual(new[] { "x", "y z", "" }, view.GetColumn<string>("Last").ToArray());
        }
    }

    [TestMethod]
    public void AHeaderIsNoRowAndTheSeparatorCanBeChosen()
    {
        string file = Write("table.csv", "Name,Number\na,1.5\nb,2\n");
        var view = _context.Data.CreateTextLoader([new("Name", DataKind.String, 0), new("Number", DataKind.Single, 1)], separatorChar: ',', hasHeader: true).Load(file);
        CollectionAssert.AreEqual(new[] { "a", "b" }, view.GetColumn<string>("Name").ToArray());
        CollectionAssert.AreEqual(new[] { 1.5f, 2f }, view.GetColumn<float>("Number").ToArray());
    }

    [TestMethod]
    public void AMissingFileIsAnErrorThatNamesItOnceRowsAreRead()
    {
        string missing = Path.Combine(_folder, "missing.txt");
        var loader = _context.Data.CreateTextLoader([new("Name", DataKind.String, 0)]);
        var error = Assert.Throws<Exception>(() => loader.Load(missing).GetColumn<string>("Name").ToArray());
        StringAssert.Contains(error.ToString(), "missing.txt");
    }

    [TestMethod]
    public void AModelFileHoldsALoader()
    {
        string file = Write("rows.txt", "a\t1\nb\t2\n");
        var loader = _context.Data.CreateTextLoader([new("Name", DataKind.String, 0), new("Number", DataKind.Single, 1)], hasHeader: false);
        var data = loader.Load(file);
        var model = _context.Transforms.CopyColumns("Copy", "Number").Append(_context.Transforms.Conversion.MapValueToKey("Key", "Name")).Fit(data);
        using var stream = new MemoryStream();
        _context.Model.Save(model, loader, stream);
        string path = Path.Combine(_folder, "model.zip");
        _context.Model.Save(model, loader, path);

        stream.Position = 0;
        AssertSame(new MLContext().Model.LoadWithDataLoader(stream, out var fromStream), fromStream);
        AssertSame(new MLContext().Model.LoadWithDataLoader(path, out var fromFile), fromFile);

        var plain = new MLContext().Model.Load(path, out var schema);
        CollectionAssert.AreEqual(new[] { "Name", "Number" }, schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new uint[] { 1, 2 }, plain.Transform(data).GetColumn<uint>("Key").ToArray());

        void AssertSame(ITransformer loaded, IDataLoader<IMultiStreamSource> reader)
        {
            CollectionAssert.AreEqual(loader.GetOutputSchema().Select(column => column.ToString()).ToArray(), reader.GetOutputSchema().Select(column => column.ToString()).ToArray());
            var view = loaded.Transform(reader.Load(new MultiFileSource(file)));
            CollectionAssert.AreEqual(new[] { 1f, 2f }, view.GetColumn<float>("Copy").ToArray());
            CollectionAssert.AreEqual(new uint[] { 1, 2 }, view.GetColumn<uint>("Key").ToArray());
        }
    }

    [TestMethod]
    public void AModelFileWithoutLoaderSaysSo()
    {
        var data = Pipelines.Data(_context);
        using var stream = new MemoryStream();
        _context.Model.Save(_context.Transforms.CopyColumns("Copy", "Number").Fit(data), data.Schema, stream);
        stream.Position = 0;
        var error = Assert.Throws<InvalidOperationException>(() => _context.Model.LoadWithDataLoader(stream, out _));
        StringAssert.Contains(error.Message, "Load");
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
