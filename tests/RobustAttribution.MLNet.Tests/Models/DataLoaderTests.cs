using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>Models saved with the loader of their data, as files and as streams.</summary>
[TestClass]
public sealed class DataLoaderTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("loader-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void AModelAndTheLoaderOfItsDataComeBackFromAFileAndFromAStream()
    {
        var context = new MLContext(seed: 1);
        string table = Path.Combine(folder, "images.txt"); // a list of image files with their labels
        File.WriteAllLines(table, TestImage.Make(12).Select(sample => $"{Write(sample)}\t{sample.Label}"));
        TextLoader loader = context.Data.CreateTextLoader([new("Path", DataKind.String, 0), new("Label", DataKind.String, 1)]);
        IDataView data = loader.Load(table);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", folder, "Path"))
            .Append(context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
            {
                Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
                Input = new InputSpecification(1, TestImage.Side, TestImage.Side),
                Objective = new CrossEntropy(),
                Epochs = 1,
                BatchSize = 4,
            }))
            .Append(context.Transforms.Saliency());
        using TransformerChain<SaliencyTransformer> model = pipeline.Fit(data);
        List<Rows.Row> expected = Rows.Read(model.Transform(data), ["PredictedLabel", "Score", "Saliency"]);

        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, loader, path);
        AssertSame(new MLContext().Model.LoadWithDataLoader(path, out IDataLoader<IMultiStreamSource> fromFile), fromFile);

        using var stream = new MemoryStream();
        context.Model.Save(model, loader, stream);
        stream.Position = 0;
        AssertSame(new MLContext().Model.LoadWithDataLoader(stream, out IDataLoader<IMultiStreamSource> fromStream), fromStream);

        using var plain = (IDisposable)new MLContext().Model.Load(path, out DataViewSchema schema);
        CollectionAssert.AreEqual(new[] { "Path", "Label" }, schema.Select(column => column.Name).ToArray());
        Assert.IsNotNull(((ITransformer)plain).GetOutputSchema(schema).GetColumnOrNull("Saliency"));

        void AssertSame(ITransformer loaded, IDataLoader<IMultiStreamSource> reader)
        {
            List<Rows.Row> found = Rows.Read(loaded.Transform(reader.Load(new MultiFileSource(table))), ["PredictedLabel", "Score", "Saliency"]);
            Assert.HasCount(expected.Count, found);
            for (int i = 0; i < expected.Count; i++)
            {
                Rows.AreEqual(expected[i].Values, found[i].Values, 0, $"row {i}");
            }

            (loaded as IDisposable)?.Dispose();
        }
    }

    private string Write(TestImage sample)
    {
        byte[] pixels = [.. sample.Image.SelectMany(value => new[] { (byte)value, (byte)value, (byte)value, byte.MaxValue })];
        using MLImage image = MLImage.CreateFromPixels(TestImage.Side, TestImage.Side, MLPixelFormat.Bgra32, pixels);
        string name = $"{sample.Id}.png";
        image.Save(Path.Combine(folder, name));
        return name;
    }
}
