using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>model.zip: in a fresh process, one copy of the weights, damaged files.</summary>
[TestClass]
public sealed class ModelFileTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("model-file-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void AFreshProcessThatMentionsNoTypeOfOursGetsEqualScoresAndMaps()
    {
        List<TestImage> images = TestImage.Make(9);
        (MLContext context, ITransformer model) = Train();
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, context.Data.LoadFromEnumerable(images).Schema, path);

        (int exitCode, Dictionary<string, float[][]>? columns, string messages) = FreshProcess.Run(path, images);

        Assert.AreEqual(0, exitCode, messages);
        List<Rows.Row> here = Rows.Read(model.Transform(context.Data.LoadFromEnumerable(images)), ["Score", "Saliency", "Second"]);
        Assert.HasCount(here.Count, columns!["Score"]);
        for (int i = 0; i < here.Count; i++)
        {
            foreach ((string name, object value) in here[i].Values)
            {
                CollectionAssert.AreEqual((float[])value, columns[name][i], $"{name}, row {i}");
            }
        }
    }

    [TestMethod]
    [DataRow("1.1")]
    [DataRow("1.2")]
    [DataRow("1.3")]
    [DataRow("1.4")]
    [DataRow("1.5")]
    [DataRow(CommittedModel.Newest)]
    public void TheModelFilesOfEveryFormatAreStillRead(string format)
    {
        string path = CommittedModel.PathOf(format);
        var context = new MLContext();
        ITransformer model = context.Model.Load(path, out DataViewSchema schema);
        CollectionAssert.AreEqual(new[] { "Image", "Label", "Id" }, schema.Select(column => column.Name).ToArray());
        var expected = JsonSerializer.Deserialize<Dictionary<string, float[][]>>(File.ReadAllText(Path.ChangeExtension(path, "json")))!;
        Dictionary<string, float[][]> found = CommittedModel.Score(context, model, expected.Keys);
        Assert.IsGreaterThan(4, expected.Count);
        foreach (string column in expected.Keys)
        {
            for (int row = 0; row < 3; row++)
            {
                Rows.AreEqual(
                    new Dictionary<string, object> { [column] = expected[column][row] }, new Dictionary<string, object> { [column] = found[column][row] }, 1e-3, $"row {row}");
            }
        }
    }

    [TestMethod]
    [DataRow("RBATTMDL", "RobustAttributionModel", "1.3")]
    [DataRow("RBATTSAL", "RobustSaliency", "1.6")]
    [DataRow("RBATTLOC", "RobustLocalization", "1.5")]
    public void AModelFileOfANewerFormatIsRefusedWithTheVersions(string signature, string loader, string newest)
    {
        string path = Path.Combine(folder, "newer.zip");
        File.Copy(CommittedModel.PathOf(CommittedModel.Newest), path);
        SetVersions(path, signature, written: 0x00010007, readable: 0x00010001);
        new MLContext().Model.Load(path, out _); // its writer said that this version understands it

        SetVersions(path, signature, written: 0x00010007, readable: 0x00010007);
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(path, out _));
        while (error is System.Reflection.TargetInvocationException { InnerException: { } inner })
        {
            error = inner;
        }

        Assert.IsInstanceOfType<FormatException>(error);
        StringAssert.Contains(error.Message, $"The part '{loader}' of the model file");
        StringAssert.Contains(error.Message, $"it reads the formats 1.1 to {newest}.");
        StringAssert.Contains(error.Message, $"{typeof(SaliencyEstimator).Assembly.GetName().Version}");
    }

    [TestMethod]
    public void WeightsAreStoredOnceHoweverManyTransformsUseThem()
    {
        (MLContext context, ITransformer model) = Train();
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, null, path);
        using ZipArchive zip = ZipFile.OpenRead(path);
        Assert.HasCount(1, zip.Entries.Where(entry => entry.Name.Contains("safetensors", StringComparison.Ordinal)).ToArray());
    }

    [TestMethod]
    public void ALaterTransformSavedAloneBindsToTheNetworkThatItFinds()
    {
        using var scored = new Scored();
        SaliencyTransformer saliency = scored.Context.Transforms.Saliency().Fit(scored.View);
        using var file = new MemoryStream();
        scored.Context.Model.Save(saliency, scored.View.Schema, file);
        file.Position = 0;

        ITransformer loaded = new MLContext().Model.Load(file, out DataViewSchema schema);

        List<Rows.Row> expected = Rows.Read(saliency.Transform(scored.View), ["Saliency"]);
        List<Rows.Row> found = Rows.Read(loaded.Transform(scored.View), ["Saliency"]);
        Rows.AreEqual(expected[3].Values, found[3].Values, 0, "row 3");
        Exception error = Assert.Throws<Exception>(() => loaded.GetOutputSchema(schema)); // the stored schema has no network
        StringAssert.Contains(error.Message, "'Score'");
        StringAssert.Contains(error.Message, "RobustImageClassification");
    }

    [TestMethod]
    public void StreamAndPathAndContinuedTrainingGiveTheSameModel()
    {
        using var scored = new Scored();
        using var stream = new MemoryStream();
        scored.Context.Model.Save(scored.Chain, scored.Raw.Schema, stream);
        string path = Path.Combine(folder, "model.zip");
        scored.Context.Model.Save(scored.Chain, scored.Raw.Schema, path);
        stream.Position = 0;
        ITransformer fromStream = scored.Context.Model.Load(stream, out _);
        ITransformer fromPath = scored.Context.Model.Load(path, out _);
        List<Rows.Row> expected = Rows.Read(scored.View, ["Score", "PredictedLabel"]);
        List<Rows.Row> a = Rows.Read(fromStream.Transform(scored.Raw), ["Score", "PredictedLabel"]);
        List<Rows.Row> b = Rows.Read(fromPath.Transform(scored.Raw), ["Score", "PredictedLabel"]);
        for (int i = 0; i < expected.Count; i++)
        {
            Rows.AreEqual(expected[i].Values, a[i].Values, 0, $"stream, row {i}");
            Rows.AreEqual(expected[i].Values, b[i].Values, 0, $"path, row {i}");
        }
    }

    [TestMethod]
    [DataRow("Weights.safetensors", 40, "damaged weights header")]
    [DataRow("Weights.safetensors", -1, "cut-off weights")]
    [DataRow("Model.key", 60, "damaged card")]
    [DataRow("Model.key", -1, "cut-off card")]
    [DataRow("Weights.safetensors", int.MinValue, "missing weights")]
    public void ADamagedModelFileIsANamedError(string entryName, int position, string what)
    {
        (MLContext context, ITransformer model) = Train();
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, null, path);
        Damage(path, entryName, position);
        Exception error = Assert.Throws<Exception>(() => context.Model.Load(path, out _), what);
        while (error is System.Reflection.TargetInvocationException { InnerException: { } inner })
        {
            error = inner;
        }

        Assert.IsTrue(error is FormatException or InvalidDataException or EndOfStreamException or InvalidOperationException, $"{what}: {error}");
        Assert.IsGreaterThan(10, error.Message.Length, what);
    }

    [TestMethod]
    public void AFlippedBitOfTheWeightsIsFound()
    {
        (MLContext context, ITransformer model) = Train();
        string path = Path.Combine(folder, "model.zip"), damaged = Path.Combine(folder, "damaged.zip");
        context.Model.Save(model, null, path);
        byte[] weights = ContentOf(path, "Transform_001", "Weights.safetensors");
        for (int i = 0; i < 64; i++)
        {
            byte[] changed = [.. weights];
            changed[i * (weights.Length - 1) / 63] ^= (byte)(1 << (i % 8));
            Replace(path, damaged, "Transform_001", "Weights.safetensors", changed); // its CRC-32 is right again
            string message = Refusal(damaged);
            StringAssert.Contains(message, "Weights.safetensors' of the model file");
            StringAssert.Contains(message, "SHA-256");
        }
    }

    [TestMethod]
    public void AChangedCardIsFound()
    {
        (MLContext context, ITransformer model) = Train();
        string path = Path.Combine(folder, "model.zip"), damaged = Path.Combine(folder, "damaged.zip");
        context.Model.Save(model, null, path);
        byte[] content = ContentOf(path, "Transform_003", "Model.key");
        int at = content.AsSpan().IndexOf(Encoding.Unicode.GetBytes("Second"));
        Assert.IsGreaterThan(0, at);
        content[at] ^= 1; // still a card, of a column "Recond"
        Replace(path, damaged, "Transform_003", "Model.key", content);
        StringAssert.Contains(Refusal(damaged), "Card' of the model file");
    }

    [TestMethod]
    [DataRow("1.1", "Weights.safetensors")]
    [DataRow("1.2", "Weights.safetensors")]
    [DataRow("1.2", "Model.key")]
    [DataRow("1.3", "Model.key")]
    public void ABitFlippedInTheZipFileIsFoundInEveryFormat(string format, string entry)
    {
        string stored = Path.Combine(folder, "stored.zip");
        byte[] content = ContentOf(CommittedModel.PathOf(format), "Transform_001", entry);
        Replace(CommittedModel.PathOf(format), stored, "Transform_001", entry, content); // not compressed: a flipped bit leaves the others as they are
        byte[] zip = File.ReadAllBytes(stored);
        int start = zip.AsSpan().IndexOf(content);
        Assert.IsGreaterThan(0, start);
        new MLContext().Model.Load(stored, out _);
        int at = entry == "Model.key" ? content.AsSpan().IndexOf(Encoding.Unicode.GetBytes("PredictedLabel")) : content.Length - 1;
        Assert.IsGreaterThan(0, at);
        zip[start + at] ^= 1;
        File.WriteAllBytes(stored, zip);
        string message = Refusal(stored);
        StringAssert.Contains(message, $"{entry}' of the model file");
        StringAssert.Contains(message, "CRC-32");
    }

    [TestMethod]
    public void ABatchOfBillionsIsRefused()
    {
        using var scored = new Scored();
        NetworkHandle trained = NetworkHandle.Find(scored.View.Schema, "Score", "the test");
        var handle = new NetworkHandle(trained.Network, trained.Images, trained.ClassNames, int.MaxValue);
        var model = new RobustAttributionModelTransformer(new MLContext(), handle, "Score", "PredictedLabel", null);
        string path = Path.Combine(folder, "model.zip");
        scored.Context.Model.Save(model, null, path);
        StringAssert.Contains(Refusal(path), "batch size 2147483647; allowed are whole numbers from 1 to 65536");
    }

    [TestMethod]
    public void AFormatThatHasNoCommittedFileIsNotWritten()
    {
        CommittedModel.Write(folder);
        Dictionary<string, uint> written = Versions(Path.Combine(folder, $"model-{CommittedModel.Newest}.zip"));
        CollectionAssert.AreEquivalent(Versions(CommittedModel.PathOf(CommittedModel.Newest)), written, "write a file of the new format with the argument write-model, and keep the old ones");
        Assert.AreEqual(CommittedModel.Newest, $"{written.Values.Max() >> 16}.{written.Values.Max() & 0xFFFF}");
    }

    [TestMethod]
    public void OptionsKeepTheirNamesInFiles()
    {
        AreNamed(
            new SaliencyEstimator.Options(),
            "activation, batchSize, heatMapColumnName, heatMapPngColumnName, imageColumnName, method, outputColumnName, overlayColumnName,"
            + " overlayPngColumnName, reduction, scoreColumnName, seenImageColumnName, signedColumnName, sourceImageColumnName, sourceResize, target");
        AreNamed(
            new AttributionAttackEstimator.Options(),
            "attack, batchSize, cleanPredictedLabelColumnName, imageColumnName, method, outputColumnName, pictureColumnName,"
            + " predictedLabelColumnName, reduction, scoreColumnName, seed, similarities, unchangedColumnName, validColumnName");
        AreNamed(
            new RandomPerturbationEstimator.Options(),
            "batchSize, draws, imageColumnName, method, reduction, scoreColumnName, seed, similarities, threatModel");
        AreNamed(
            new CertifiedSaliencyEstimator.Options(),
            "alpha, batchSize, drawingColumnName, drawingPngColumnName, imageColumnName, method, outputColumnName, reduction, samples, scoreColumnName,"
            + " seed, shareColumnName, sigma, target, tau, topShare");
        AreNamed(new SaliencyLocalizationEstimator.Options(), "imageColumnName, mapColumnName, outputColumnName, resize, smooth, thresholds");

        static void AreNamed<T>(T options, string names)
        {
            using JsonDocument json = JsonDocument.Parse(ComponentJson.Write(options));
            IEnumerable<string> found = json.RootElement.EnumerateObject().Select(property => property.Name);
            Assert.AreEqual(names, string.Join(", ", found.Order(StringComparer.Ordinal)));
        }
    }

    /// <summary>The library's words for why a file is not loaded.</summary>
    private static string Refusal(string path)
    {
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(path, out _));
        while (error is System.Reflection.TargetInvocationException { InnerException: { } inner })
        {
            error = inner;
        }

        Assert.IsInstanceOfType<FormatException>(error);
        return error.Message;
    }

    private static byte[] ContentOf(string path, string part, string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        using Stream stream = zip.Entries.Single(entry => entry.Name == name && entry.FullName.Contains(part, StringComparison.Ordinal)).Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static void Replace(string path, string copy, string part, string name, byte[] content)
    {
        File.Copy(path, copy, overwrite: true);
        using ZipArchive zip = ZipFile.Open(copy, ZipArchiveMode.Update);
        ZipArchiveEntry entry = zip.Entries.Single(entry => entry.Name == name && entry.FullName.Contains(part, StringComparison.Ordinal));
        string full = entry.FullName;
        entry.Delete();
        using Stream output = zip.CreateEntry(full, CompressionLevel.NoCompression).Open();
        output.Write(content);
    }

    /// <summary>The versions of our components by their signatures.</summary>
    private static Dictionary<string, uint> Versions(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        Dictionary<string, uint> versions = [];
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => entry.Name == "Model.key"))
        {
            using Stream stream = entry.Open();
            byte[] header = new byte[80];
            stream.ReadExactly(header);
            string signature = Encoding.ASCII.GetString(header, 64, 8);
            if (signature.StartsWith("RBATT", StringComparison.Ordinal))
            {
                versions[signature] = BitConverter.ToUInt32(header, 72);
            }
        }

        return versions;
    }

    /// <summary>Changes the versions in the header of the component with a signature: they follow it.</summary>
    private static void SetVersions(string path, string signature, uint written, uint readable)
    {
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update);
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => entry.Name == "Model.key"))
        {
            using Stream stream = entry.Open();
            byte[] header = new byte[80];
            stream.ReadExactly(header);
            if (Encoding.ASCII.GetString(header, 64, 8) == signature)
            {
                stream.Position = 72;
                stream.Write(BitConverter.GetBytes(written));
                stream.Write(BitConverter.GetBytes(readable));
                return;
            }
        }

        Assert.Fail($"{path} has no component {signature}");
    }

    private static void Damage(string path, string entryName, int position)
    {
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update);
        ZipArchiveEntry entry = zip.Entries.First(entry => entry.Name == entryName && entry.FullName.Contains("Transform_001", StringComparison.Ordinal));
        byte[] content;
        using (Stream stream = entry.Open())
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            content = copy.ToArray();
        }

        string name = entry.FullName;
        entry.Delete();
        if (position == int.MinValue)
        {
            return;
        }

        if (position < 0)
        {
            content = content[..(content.Length / 2)];
        }
        else
        {
            Encoding.UTF8.GetBytes("####").CopyTo(content, position);
        }

        using Stream output = zip.CreateEntry(name).Open();
        output.Write(content);
    }

    private static (MLContext Context, ITransformer Model) Train()
    {
        var context = new MLContext(seed: 2);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
            {
                Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
                Objective = new CrossEntropy(),
                Epochs = 1,
                BatchSize = 4,
            }))
            .Append(context.Transforms.Saliency())
            .Append(context.Transforms.Saliency("Second", target: SaliencyTarget.Class("square")))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        return (context, pipeline.Fit(context.Data.LoadFromEnumerable(TestImage.Make(12))));
    }
}
