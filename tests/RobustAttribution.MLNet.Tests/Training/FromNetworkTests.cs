using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Options = RobustAttribution.MLNet.RobustAttributionModelEstimator.Options;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Models of finished networks: no training, exactly their weights, evaluation mode; and what is refused before.</summary>
[TestClass]
public sealed class FromNetworkTests
{
    private static readonly string[] Names = ["row", "column", "square"];
    private static readonly NetworkArchitecture Small = new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages };
    private static readonly InputSpecification Input = new(1, TestImage.Side, TestImage.Side) { Mean = [0.3], StandardDeviation = [0.2] };

    private readonly string folder = Directory.CreateTempSubdirectory("from-network-tests").FullName;
    private readonly MLContext context = new(seed: 1);

    [ClassInitialize]
    public static void Register(TestContext context)
    {
        ComponentJson.Register<VisionResNet>();
        ComponentJson.Register<PlainSequence>();
        ComponentJson.Register<Mixed>();
    }

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    public static IEnumerable<object[]> Ways => [["network"], ["safetensors"], ["dat"]];

    /// <summary>The weights are the network's to the bit, its statistics do not move, and a fresh process has the same scores and maps to the bit.</summary>
    [TestMethod]
    [DynamicData(nameof(Ways))]
    public void TheModelIsTheNetworkHereAndInAFreshProcess(string way)
    {
        List<TestImage> images = TestImage.Make(9);
        IDataView data = context.Data.LoadFromEnumerable(images);
        using ImageNetwork network = Finished();
        RobustAttributionModelEstimator estimator = way == "network"
            ? context.Transforms.RobustImageClassificationFromNetwork(network, Names)
            : context.Transforms.RobustImageClassificationFromNetwork(Small, Written(network, way), Input, Names);
        var pipeline = estimator.Append(context.Transforms.Saliency());
        using TransformerChain<SaliencyTransformer> model = pipeline.Fit(data);
        RobustAttributionModelTransformer classifier = model.OfType<RobustAttributionModelTransformer>().Single();

        CollectionAssert.AreEqual(Saved(network), Saved(classifier.Network));
        Assert.IsNull(classifier.Training);
        CollectionAssert.AreEqual(Names, classifier.ClassNames!.ToArray());
        Assert.IsTrue(classifier.Network.Backbone.modules().All(module => !module.training));
        List<Rows.Row> here = Rows.Read(model.Transform(data), ["Score", "Saliency"]);
        using (DisposeScope scope = NewDisposeScope())
        {
            Tensor pixels = stack(images.Select(image => tensor(image.Image).reshape(1, TestImage.Side, TestImage.Side) / 255f));
            Tensor expected = nn.functional.softmax(network.Logits(pixels), 1);
            float[] scores = [.. here.SelectMany(row => (float[])row.Values["Score"])];
            Assert.AreEqual(0, (expected.flatten() - tensor(scores)).abs().max().item<float>(), 1e-6);
            Assert.IsGreaterThan(0.01f, expected.std(0).max().item<float>(), "the logits depend on the images");
        }

        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, data.Schema, path);
        (int exitCode, Dictionary<string, float[][]>? columns, string messages) = FreshProcess.Run(path, images);
        Assert.AreEqual(0, exitCode, messages);
        for (int i = 0; i < here.Count; i++)
        {
            CollectionAssert.AreEqual((float[])here[i].Values["Score"], columns!["Score"][i]);
            CollectionAssert.AreEqual((float[])here[i].Values["Saliency"], columns["Saliency"][i]);
        }

        CollectionAssert.AreEqual(Saved(network), Saved(classifier.Network), "scoring moved nothing");
    }

    [TestMethod]
    public void ItIsEvaluatedAndAttackedAsATrainedOne()
    {
        IDataView data = Labelled(Names);
        using ImageNetwork network = Finished();
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassificationFromNetwork(network, Names).Fit(data);
        IDataView scored = model.Transform(data);

        MulticlassClassificationMetrics metrics = context.MulticlassClassification.Evaluate(scored);
        Assert.HasCount(3, metrics.PerClassLogLoss);
        AttributionRobustnessMetrics robustness = context.MulticlassClassification.EvaluateAttributionRobustness(
            scored, new AttributionRobustnessOptions { Attack = new TopKAttack { K = 9, Steps = 2 }, Similarities = [new(new TopKIntersection(9))] });
        Assert.AreEqual(9, robustness.RowCount);
        IDataView named = context.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel").Fit(scored).Transform(scored);
        Assert.IsTrue(Rows.Read(named, ["Class"]).All(row => Names.Contains(row.Values["Class"].ToString())));
        VBuffer<ReadOnlyMemory<char>> slots = default;
        scored.Schema["Score"].GetSlotNames(ref slots);
        CollectionAssert.AreEqual(Names, slots.DenseValues().Select(name => name.ToString()).ToArray());
    }

    [TestMethod]
    public void TheModelOwnsACopyAndTheCallerTheNetwork()
    {
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(3));
        ImageNetwork network = Finished();
        RobustAttributionModelEstimator estimator = context.Transforms.RobustImageClassificationFromNetwork(network, Names);
        RobustAttributionModelTransformer first = estimator.Fit(data);
        using RobustAttributionModelTransformer second = estimator.Fit(data);
        first.Dispose();
        using (Tensor logits = network.Logits(zeros(1, 1, TestImage.Side, TestImage.Side)))
        {
            CollectionAssert.AreEqual(new long[] { 1, 3 }, logits.shape, "the caller's network outlives a model");
        }

        network.Dispose();
        Assert.HasCount(3, Rows.Read(second.Transform(data), ["Score"]));
        StringAssert.Contains(Assert.ThrowsExactly<ObjectDisposedException>(() => estimator.Fit(data)).Message, "was disposed");
    }

    [TestMethod]
    public void ANetworkInTrainingModeIsAModelInEvaluationModeAndStaysInTrainingMode()
    {
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(3));
        using ImageNetwork network = Finished();
        byte[] before = Saved(network);
        network.Backbone.train();
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassificationFromNetwork(network, Names).Fit(data);
        Assert.IsTrue(model.Network.Backbone.modules().All(module => !module.training));
        Assert.IsTrue(network.Backbone.training);
        CollectionAssert.AreEqual(before, Saved(network));
        CollectionAssert.AreEqual(before, Saved(model.Network));
    }

    [TestMethod]
    public void LabelsOfOtherClassesAreNamed()
    {
        using ImageNetwork network = Finished();
        RobustAttributionModelEstimator estimator = context.Transforms.RobustImageClassificationFromNetwork(network, Names);
        foreach (string[] others in new string[][] { ["column", "row", "square"], ["row", "column"], ["row", "column", "square", "more"] })
        {
            string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(Labelled(others))).Message;
            StringAssert.Contains(message, $"Label column 'Label' has the classes [{string.Join(", ", others)}]; the network's outputs were named [row, column, square]");
            StringAssert.Contains(message, "keyData");
            StringAssert.Contains(message, "LabelColumnName");
        }

        context.Transforms.RobustImageClassificationFromNetwork(network, Names, new() { LabelColumnName = null }).Fit(Labelled(["column", "row", "square"])).Dispose();
        context.Transforms.RobustImageClassificationFromNetwork(network, Names).Fit(context.Data.LoadFromEnumerable(TestImage.Make(3))).Dispose(); // text, not a key
    }

    [TestMethod]
    public void ClassNamesThatDoNotFitAreRefusedAtConstruction()
    {
        using ImageNetwork network = Finished();
        Refuses<ArgumentException>(["a", "b"], "classNames has 2 names; the network has 3 classes");
        Refuses<ArgumentException>(["a"], "classNames has 1 names; allowed are at least 2");
        Refuses<ArgumentException>(["a", "b", "a"], "classNames has 'a' at place 2");
        Refuses<ArgumentException>(["a", "", "b"], "classNames has '' at place 1");

        void Refuses<T>(string[] names, string text)
            where T : Exception
            => StringAssert.Contains(Assert.ThrowsExactly<T>(() => context.Transforms.RobustImageClassificationFromNetwork(network, names)).Message, text);
    }

    [TestMethod]
    public void NetworksThatCannotBeModelsAreRefusedAtConstruction()
    {
        using var generator = new Generator(1);
        var input = new InputSpecification(3, 8, 8);
        Refuses<NotSupportedException>(new ImageNetwork(torchvision.models.resnet18(num_classes: 3), input, 3), "was handed in as a module");
        Refuses<NotSupportedException>(Create(new Unregistered()), nameof(Unregistered));
        Refuses<ArgumentException>(Create(new VisionResNet { Logits = 1000 }), "1000 logits for 3 classes; allowed is [2,3], since the list of class names has 3 classes");
        Refuses<NotSupportedException>(Create(new Mixed()), "different activations");
        ImageNetwork wide = Create(NetworkArchitecture.SmallConvNet);
        wide.MoveTo(CPU, ScalarType.Float64);
        Refuses<ArgumentException>(wide, "The network computes in Float64; allowed is Float32");
        ImageNetwork infinite = Create(NetworkArchitecture.SmallConvNet);
        using (no_grad())
        {
            infinite.Backbone.parameters().First().fill_(double.PositiveInfinity);
        }

        Refuses<ArgumentException>(infinite, "not finite");

        ImageNetwork Create(NetworkArchitecture architecture) => ImageNetwork.Create(architecture, input, 3, null, generator);

        void Refuses<T>(ImageNetwork network, string text)
            where T : Exception
        {
            StringAssert.Contains(Assert.ThrowsExactly<T>(() => context.Transforms.RobustImageClassificationFromNetwork(network, Names)).Message, text);
            network.Dispose();
        }
    }

    [TestMethod]
    public void WhatAForwardHookAddsIsNotLostInSilence()
    {
        using ImageNetwork network = Finished();
        ((nn.Module<Tensor, Tensor>)network.Backbone.named_modules().First(entry => entry.name == "conv1").module).register_forward_hook((_, _, output) => output * 2);
        RobustAttributionModelEstimator estimator = context.Transforms.RobustImageClassificationFromNetwork(network, Names);
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(3));
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => estimator.Fit(data)).Message, "answers otherwise");
    }

    [TestMethod]
    public void FilesThatAreNoWeightsAreNamedWithWhatTheyAre()
    {
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(3));
        using ImageNetwork network = Finished();
        byte[] saved = File.ReadAllBytes(Written(network, "safetensors")), dat = File.ReadAllBytes(Written(network, "dat"));
        Refuses("<!DOCTYPE html>"u8, "HTML");
        Refuses("version https://git-lfs.github.com/spec/v1"u8, "Git LFS");
        Refuses("GGUF\u0003\0\0\0"u8, "a GGUF file");
        Refuses(saved.AsSpan(..^1), "but the stream ends at byte");
        Refuses(dat.AsSpan(..^1), "bytes are left of the stream");
        Refuses([0x89, .. "PNG\r\n\u001A\n"u8], "a PNG image");
        Assert.ThrowsExactly<FileNotFoundException>(() => context.Transforms.RobustImageClassificationFromNetwork(Small, Path.Combine(folder, "none"), Input, Names));

        string fitting = Written(network, "safetensors");
        string other = Assert.ThrowsExactly<FormatException>(
            () => context.Transforms.RobustImageClassificationFromNetwork(NetworkArchitecture.LeNet, fitting, Input, Names).Fit(data)).Message;
        StringAssert.Contains(other, fitting);
        StringAssert.Contains(other, "Tensor 'conv1.weight' is Float32 [2, 1, 3, 3]; the network has Float32 [32, 1, 3, 3]");
        string vector = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => context.Transforms.RobustImageClassificationFromNetwork(Small, fitting, new InputSpecification(1, 9, 9), Names).Fit(data)).Message;
        StringAssert.Contains(vector, "Image column 'Image' holds vectors of 1×8×8 values; the network takes 1×9×9");

        void Refuses(ReadOnlySpan<byte> bytes, string text)
        {
            string file = Path.Combine(folder, "other");
            File.WriteAllBytes(file, bytes.ToArray());
            string message = Assert.ThrowsExactly<FormatException>(
                () => context.Transforms.RobustImageClassificationFromNetwork(Small, file, Input, Names).Fit(data)).Message;
            StringAssert.StartsWith(message, $"weightsPath '{file}': ");
            StringAssert.Contains(message, text);
        }
    }

    [TestMethod]
    public void AnActivationThatNothingTakesIsRefused()
    {
        List<ColorTestImage> images = ColorTestImage.Make(3);
        using var generator = new Generator(1);
        var input = new InputSpecification(3, ColorTestImage.Side, ColorTestImage.Side);
        var architecture = new PlainSequence { Kind = "tanh" };
        using ImageNetwork network = ImageNetwork.Create(architecture, input, 3, null, generator);
        string message = Assert.ThrowsExactly<ArgumentException>(() => context.Transforms
            .RobustImageClassificationFromNetwork(architecture, Written(network, "safetensors"), input, Names, Activation.Softplus(3))
            .Fit(context.Data.LoadFromEnumerable(images))).Message;
        StringAssert.Contains(message, "has no activation that can be exchanged");
    }

    /// <summary>TorchVision's ResNet-18 with weights of a file: a model, saved, loaded elsewhere, explained by relevance.</summary>
    [TestMethod]
    public void TorchVisionsResNetWithGivenWeightsIsAModelWithRelevanceMaps()
    {
        List<ColorTestImage> images = ColorTestImage.Make(5);
        IDataView data = context.Data.LoadFromEnumerable(images);
        var input = new InputSpecification(3, ColorTestImage.Side, ColorTestImage.Side) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        nn.Module<Tensor, Tensor> module = torchvision.models.resnet18(num_classes: 3);
        Move(module);
        string weights = Path.Combine(folder, "resnet.dat");
        module.save(weights);
        var pipeline = context.Transforms.RobustImageClassificationFromNetwork(new VisionResNet(), weights, input, Names)
            .Append(context.Transforms.Saliency(new SaliencyEstimator.Options
            {
                OutputColumnName = "Relevance", Method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus },
            }));
        using TransformerChain<SaliencyTransformer> model = pipeline.Fit(data);
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, data.Schema, path);

        (int exitCode, Dictionary<string, float[][]>? columns, string messages) = FreshProcess.Run("score-own-network", path, images);

        Assert.AreEqual(0, exitCode, messages);
        using var theirs = new ImageNetwork(module, input, 3);
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = stack(images.Select(image => tensor(image.Image).reshape(3, ColorTestImage.Side, ColorTestImage.Side) / 255f));
        Tensor expected = nn.functional.softmax(theirs.Logits(pixels), 1);
        List<Rows.Row> here = Rows.Read(model.Transform(data), ["Score", "Relevance"]);
        for (int i = 0; i < images.Count; i++)
        {
            Assert.AreEqual(0, (expected[i] - tensor(columns!["Score"][i])).abs().max().item<float>(), 1e-5);
            CollectionAssert.AreEqual((float[])here[i].Values["Relevance"], columns["Relevance"][i]);
            Assert.IsTrue(Array.Exists(columns["Relevance"][i], value => value != 0) && Array.TrueForAll(columns["Relevance"][i], float.IsFinite));
        }
    }

    private static ImageNetwork Finished()
    {
        using var generator = new Generator(3);
        ImageNetwork network = ImageNetwork.Create(Small, Input, 3, Activation.Relu, generator);
        Move(network.Backbone);
        return network;
    }

    // Statistics other than 0 and 1, so that a mode that is not evaluation would show.
    private static void Move(nn.Module module)
    {
        using var generator = new Generator(5);
        foreach (BatchNorm2d norm in module.modules().OfType<BatchNorm2d>())
        {
            norm.get_buffer("running_mean")!.uniform_(-0.3, 0.3, generator);
            norm.get_buffer("running_var")!.uniform_(0.5, 1.5, generator);
        }
    }

    private string Written(ImageNetwork network, string way)
    {
        string path = Path.Combine(folder, $"weights.{way}");
        if (way == "dat")
        {
            network.Backbone.save(path);
        }
        else
        {
            File.WriteAllBytes(path, Saved(network));
        }

        return path;
    }

    private static byte[] Saved(ImageNetwork network)
    {
        using var memory = new MemoryStream();
        network.SaveWeights(memory);
        return memory.ToArray();
    }

    private IDataView Labelled(string[] keys)
    {
        List<TestImage> images = TestImage.Make(9);
        images.ForEach(image => image.Label = keys.Contains(image.Label) ? image.Label : keys[0]);
        IDataView raw = context.Data.LoadFromEnumerable(images);
        IDataView values = context.Data.LoadFromEnumerable(keys.Select(key => new Key { Label = key }));
        return context.Transforms.Conversion.MapValueToKey("Label", keyData: values).Fit(raw).Transform(raw);
    }

    private sealed class Key
    {
        public string Label { get; set; } = string.Empty;
    }

    private sealed record Mixed : NetworkArchitecture
    {
        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(nn.Flatten(), nn.ReLU(), new ActivationLayer(Activation.Softplus(3)), nn.Linear(input.ValueCount, classCount));
    }

    private sealed record Unregistered : NetworkArchitecture
    {
        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(nn.Flatten(), nn.Linear(input.ValueCount, classCount));
    }
}
