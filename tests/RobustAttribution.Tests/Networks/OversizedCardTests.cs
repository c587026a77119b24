using System.Diagnostics;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>A small file that describes something huge is refused before memory is taken.</summary>
[TestClass]
[DoNotParallelize]
public sealed class OversizedCardTests
{
    [TestMethod]
    [DataRow("\"height\":8,\"width\":8", "\"height\":46340,\"width\":46340", "Height is 46340; allowed is a whole number from 1 to 16384")]
    [DataRow("\"height\":8,\"width\":8", "\"height\":16384,\"width\":16384", "'fc1.weight' is Float32 [8, 16]; the network has Float32 [8, 67108864]")]
    [DataRow("\"channels\":1,\"height\":8,\"width\":8", "\"channels\":4096,\"height\":16384,\"width\":16384", "4096×16384×16384")]
    [DataRow("\"hiddenUnits\":8", "\"hiddenUnits\":65536", "'fc1.weight'")]
    [DataRow("\"hiddenUnits\":8", "\"hiddenUnits\":100000000", "HiddenUnits is 100000000; allowed is a whole number from 1 to 65536")]
    [DataRow("\"hiddenUnits\":8", "\"hiddenUnits\":2000000000", "HiddenUnits is 2000000000")]
    [DataRow("\"firstStageChannels\":4", "\"firstStageChannels\":65536", "'conv1.weight'")]
    [DataRow("\"classCount\":3", "\"classCount\":2147483647", "ClassCount is 2147483647; allowed is a whole number from 2 to 1000000")]
    [DataRow("\"classCount\":3", "\"classCount\":1000000", "'fc2.weight'")]
    [DataRow("\"mean\":[0.5]", "\"mean\":[\"NaN\"]", "Mean is NaN; allowed is a finite number")]
    [DataRow("\"upperBound\":1", "\"upperBound\":\"Infinity\"", "UpperBound is Infinity; allowed is a finite number")]
    [DataRow("\"height\":8,\"width\":8", "\"height\":2,\"width\":2", "describes no network: Images are 2×2")]
    public void OfAConvolutionalNetwork(string found, string changed, string message)
        => IsRefused(new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 }, found, changed, message);

    [TestMethod]
    [DataRow("\"widthFactor\":1", "\"widthFactor\":1000", "'block1.layer.0.conv1.weight' is Float32 [16, 16, 3, 3]; the network has Float32 [16000, 16, 3, 3]")]
    [DataRow("\"widthFactor\":1", "\"widthFactor\":1025", "WidthFactor is 1025; allowed is a whole number from 1 to 1024")]
    [DataRow("\"depth\":10", "\"depth\":100000", "Depth is 100000; allowed are 10, 16, 22")]
    [DataRow("\"depth\":10,\"widthFactor\":1", "\"depth\":1204,\"widthFactor\":1024", "'block1.layer.0.conv1.weight'")]
    public void OfAWideResNet(string found, string changed, string message)
        => IsRefused(new WideResNetArchitecture { Depth = 10, WidthFactor = 1 }, found, changed, message);

    [TestMethod]
    [DataRow("\"width\":2,", "\"width\":2048,", "'conv1.weight'")]
    [DataRow("\"width\":2,", "\"width\":2049,", "Width is 2049; allowed is a whole number from 1 to 2048")]
    public void OfAResNet(string found, string changed, string message)
        => IsRefused(new ResNetArchitecture { Width = 2, Depth = 50 }, found, changed, message);

    [TestMethod]
    public void OfAttacksAndAttributions()
    {
        Refuses<IAttributionAttack>(new TopKAttack { Steps = 7 }, "\"steps\":7", "\"steps\":1000000", "Steps is 1000000; allowed is a whole number from 0 to 100000");
        Refuses<IAttributionAttack>(new TopKAttack { Restarts = 7 }, "\"restarts\":7", "\"restarts\":2000000000", "Restarts is 2000000000");
        Refuses<IAttributionMethod>(new SmoothGrad { Samples = 7 }, "\"samples\":7", "\"samples\":2147483647", "Samples is 2147483647");
        Refuses<IAttributionMethod>(new IntegratedGradients { Steps = 7 }, "\"steps\":7", "\"steps\":2147483647", "Steps is 2147483647");
        Refuses<Baseline>(Baseline.Blurred(7), "\"sigma\":7", "\"sigma\":1e300", "Sigma is 1E+300");

        static void Refuses<T>(T component, string found, string changed, string message)
            => StringAssert.Contains(
                Assert.ThrowsExactly<FormatException>(() => ComponentJson.Read<T>(Changed(ComponentJson.Write(component), found, changed))).Message, message);
    }

    private static void IsRefused(NetworkArchitecture architecture, string found, string changed, string message)
    {
        using var generator = new Generator(1, CPU);
        using ImageNetwork network = ImageNetwork.Create(architecture, new InputSpecification(1, 8, 8), 3, Activation.Relu, generator);
        using var weights = new MemoryStream();
        network.SaveWeights(weights);
        string card = Changed(NetworkCard.Of(network).ToJson(), found, changed);
        weights.Position = 0;
        using var process = Process.GetCurrentProcess();
        long before = process.PeakWorkingSet64;
        var clock = Stopwatch.StartNew();

        string refusal = Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(card).Build(weights).Dispose()).Message;

        StringAssert.Contains(refusal, message);
        Assert.IsLessThan(5, clock.Elapsed.TotalSeconds); // a busy machine; alone each takes less than one
        process.Refresh();
        Assert.IsLessThan(200, (process.PeakWorkingSet64 - before) >> 20, "MB more");
    }

    private static string Changed(string json, string found, string changed)
    {
        StringAssert.Contains(json, found);
        return json.Replace(found, changed, StringComparison.Ordinal);
    }
}
