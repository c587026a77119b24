using System.Text;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>What TorchSharp's <c>Module.save</c> writes is read as safetensors are: all or nothing, with names, shapes and lengths known to fit before.</summary>
[TestClass]
public sealed class TorchSharpWeightsTests
{
    private const int FirstType = 1 + 1 + 12; // behind the number of tensors, the length of the name and "conv1.weight"

    [TestMethod]
    public void WhatTorchSharpSavedIsLoadedBitForBit()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork source = Trained(1);
        byte[] saved = Dat(source);
        StringAssert.Contains(FileKind.Of(saved).ToString(), "TorchSharp's Module.save");
        foreach (string way in new[] { "load", "matching", "card" })
        {
            using var stream = new MemoryStream([7, 7, .. saved]) { Position = 2 };
            using ImageNetwork target = way == "card" ? NetworkCard.Of(source).Build(stream) : Trained(2);
            if (way == "load")
            {
                target.LoadWeights(stream);
            }
            else if (way == "matching")
            {
                Assert.IsEmpty(target.LoadMatchingWeights(stream).Missing);
            }

            Assert.AreEqual(stream.Length, stream.Position, way);
            CollectionAssert.AreEqual(Safe(source), Safe(target), way);
        }
    }

    [TestMethod]
    public void EveryFloatingTypeIsConverted()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(type: ScalarType.Float32);
        double[] before = Values.Of(network.Backbone.parameters().First());
        foreach ((ScalarType type, double tolerance) in new[] { (ScalarType.Float64, 0), (ScalarType.BFloat16, 0.01), (ScalarType.Float16, 0.001) })
        {
            using ImageNetwork other = TinyNetworks.Linear(type: ScalarType.Float32), target = TinyNetworks.Linear(seed: 9, type: ScalarType.Float32);
            other.Backbone.to(type);
            target.LoadWeights(new MemoryStream(Dat(other)));
            Values.AreClose(before, Values.Of(target.Backbone.parameters().First()), tolerance, type.ToString());
        }
    }

    [TestMethod]
    public void WhatDoesNotFitIsNamedAndNothingIsLoaded()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork source = Trained(1), target = Trained(2);
        byte[] saved = Dat(source), before = Safe(target);
        int values = Array.IndexOf(saved, (byte)ScalarType.Float32, FirstType) + 6; // type, four dimensions' number and extents
        Refuses("; the network has Float32 [", Dat(TinyNetworks.Convolutional(type: ScalarType.Float32)));
        Refuses("8 bytes follow the last tensor 'layer4.1.bn2.num_batches_tracked'", [.. saved, .. new byte[8]]);
        Refuses("The stream ends within tensor 2 of", saved[..(values + (4 * Numbers(source, "conv1.weight")))]);
        Refuses("and 10 bytes are left of the stream", saved[..(values + 10)]);
        Refuses("Tensor 'conv1.weight' is of type Int8; allowed are F64", With(saved, FirstType, (byte)ScalarType.Int8));
        Refuses("Not safetensors", With(saved, FirstType + 1, 17)); // dimensions
        Refuses("Tensor 'conv1.weight' is Float32 [127, 127, 3, 3], and", With(With(saved, FirstType + 2, 127), FirstType + 3, 127));
        Refuses("The name 'conv1.weight' is in the stream twice", [2, .. saved[1..(values + (4 * Numbers(source, "conv1.weight")))], .. saved[1..]]);
        Refuses("takes more than 63 bits", [.. saved[..(FirstType + 2)], .. Enumerable.Repeat((byte)0xFF, 40)]);
        byte[] infinite = [.. saved];
        BitConverter.TryWriteBytes(infinite.AsSpan(values), float.PositiveInfinity);
        Refuses("'conv1.weight' has a value that is not finite", infinite);

        void Refuses(string message, byte[] bytes)
        {
            string found = Assert.ThrowsExactly<FormatException>(() => target.LoadWeights(new MemoryStream(bytes))).Message;
            StringAssert.Contains(found, message);
            CollectionAssert.AreEqual(before, Safe(target), message);
        }
    }

    [TestMethod]
    public void AStreamThatCannotSeekIsRefusedWithTheReason()
    {
        using ImageNetwork source = Trained(1);
        using var stream = new NoSeek(Dat(source));
        string message = Assert.ThrowsExactly<FormatException>(() => source.LoadWeights(stream)).Message;
        StringAssert.Contains(message, "it seems to be weights that TorchSharp's Module.save wrote (.dat)");
        StringAssert.Contains(message, "from streams that can seek");
    }

    /// <summary>Damage anywhere is an error or values, never a crash or memory for a length that the stream does not have.</summary>
    [TestMethod]
    public void DamageIsNoCrash()
    {
        using ImageNetwork source = Trained(1), target = Trained(2);
        byte[] saved = Dat(source);
        var random = new Random(5);
        for (int round = 0; round < 400; round++)
        {
            byte[] damaged = round % 2 == 0 ? [.. saved] : saved[..random.Next(saved.Length)];
            for (int i = random.Next(1, 4); i > 0 && damaged.Length > 0; i--)
            {
                damaged[random.Next(Math.Min(damaged.Length, round % 3 == 0 ? 40 : damaged.Length))] = (byte)random.Next(256);
            }

            try
            {
                target.LoadWeights(new MemoryStream(damaged));
            }
            catch (FormatException)
            {
                continue;
            }
        }
    }

    [TestMethod]
    [DataRow("{\"a\": 1}")]
    [DataRow("<html>")]
    [DataRow("GGUF")]
    [DataRow("a text of words")]
    [DataRow("")]
    public void OtherStartsAreNotTaken(string text) => Assert.AreNotEqual(FileKind.SavedByTorchSharp, FileKind.Of(Encoding.UTF8.GetBytes(text)));

    /// <summary>Create, LoadWeights, Logits: evaluation mode, whatever the format; the statistics count, and stay.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void LoadedWeightsComputeInEvaluationMode(bool dat)
    {
        using var scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        using ImageNetwork source = Trained(1), target = Trained(2);
        target.LoadWeights(new MemoryStream(dat ? Dat(source) : Safe(source)));
        Tensor images = rand(3, 1, 8, 8);
        Tensor together = target.Logits(images);
        Tensor alone = cat([.. Enumerable.Range(0, 3).Select(i => target.Logits(images.narrow(0, i, 1)))]);
        Assert.AreEqual(0, (together - alone).abs().max().item<float>(), 1e-5, "each by itself");
        CollectionAssert.AreEqual(Safe(source), Safe(target), "the statistics stay");
        using (target.WithMode(training: true))
        {
            Assert.IsGreaterThan(1e-2f, (target.Logits(images) - together).abs().max().item<float>(), "a training computes otherwise, and moves them");
        }

        CollectionAssert.AreNotEqual(Safe(source), Safe(target));
    }

    private static byte[] With(byte[] bytes, int place, byte value)
    {
        byte[] changed = [.. bytes];
        changed[place] = value;
        return changed;
    }

    private static int Numbers(ImageNetwork network, string name)
        => (int)network.Backbone.named_parameters().First(entry => entry.name == name).parameter.numel();

    private static ImageNetwork Trained(ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        var network = ImageNetwork.Create(
            new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages }, new InputSpecification(1, 8, 8), 3, Activation.Relu, generator);
        foreach (BatchNorm2d norm in network.Backbone.modules().OfType<BatchNorm2d>())
        {
            norm.get_buffer("running_mean")!.uniform_(-0.3, 0.3, generator);
            norm.get_buffer("running_var")!.uniform_(0.5, 1.5, generator);
            norm.get_buffer("num_batches_tracked")!.fill_((long)seed);
        }

        return network;
    }

    private static byte[] Dat(ImageNetwork network)
    {
        using var memory = new MemoryStream();
        using (var writer = new BinaryWriter(memory, Encoding.UTF8, leaveOpen: true))
        {
            network.Backbone.save(writer);
        }

        return memory.ToArray();
    }

    private static byte[] Safe(ImageNetwork network)
    {
        using var memory = new MemoryStream();
        network.SaveWeights(memory);
        return memory.ToArray();
    }

    private sealed class NoSeek(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
