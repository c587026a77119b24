using System.Reflection;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Gpu;

/// <summary>What the library's compiled code calls of TorchSharp that a GPU answers otherwise than the CPU, or not at all.</summary>
[TestClass]
public sealed class DeviceCallTests
{
    private static readonly Assembly[] Library = [typeof(ImageNetwork).Assembly, typeof(RobustAttributionImageClassificationTrainer).Assembly];
    private static readonly string[] Factories = ["rand", "randn", "randint", "randperm", "normal", "rand_like", "randn_like"];

    /// <summary>Where training steps run.</summary>
    private static readonly string[] Step = ["RobustAttribution.Attacks", "RobustAttribution.Augmentations", "RobustAttribution.Networks", "RobustAttribution.Objectives", "RobustAttribution.Training"];

    /// <summary>Where these read a value, which waits for all that a GPU has to do, and why no step does.</summary>
    private static readonly Dictionary<string, string> Reads = new()
    {
        ["RobustAttribution.Attacks.JudgedIterates"] = "for the worst case, which trains nothing",
        ["RobustAttribution.Attacks.WorstCaseSearch"] = "for the worst case, which trains nothing",
        ["RobustAttribution.Networks.ImageNetwork.CheckImages"] = "for calls from outside",
        ["RobustAttribution.Networks.ImageNetwork.CheckValues"] = "for calls from outside; a training checks on the CPU",
        ["RobustAttribution.Networks.PixelRange.Error"] = "for the message of an error",
        ["RobustAttribution.Networks.DerivativeProbe"] = "once for each network",
        ["RobustAttribution.Networks.NetworkObservation"] = "once for each network",
        ["RobustAttribution.Networks.NetworkTrace"] = "once for each network",
        ["RobustAttribution.Networks.NetworkCheck"] = "on request",
        ["RobustAttribution.Networks.NetworkArchitecture"] = "before the network exists",
        ["RobustAttribution.Networks.Safetensors"] = "loading and saving",
        ["RobustAttribution.Networks.FiniteValues"] = "loading, saving, the end of an epoch",
        ["RobustAttribution.Training.SecondDerivative"] = "once for each training",
        ["RobustAttribution.Training.TensorHash"] = "for checkpoints and seeds of measurements",
        ["RobustAttribution.Training.TrainingMeter.Read"] = "for each report, checkpoint and epoch",
        ["RobustAttribution.Training.TrainingRun.RequireFinite"] = "for each checkpoint and epoch",
        ["RobustAttribution.Training.TrainingRanks.CrossEntropyScale"] = "with class weights on several ranks, whose gradients pass the CPU in each step",
        ["RobustAttribution.Training.Guessing.Own"] = "once at the end",
        ["RobustAttribution.Training.Evaluation"] = "once for each validation",
    };

    /// <summary>It reads the memory of the CPU alone: ToBoolean, ToInt64 and ToDouble read everywhere.</summary>
    [TestMethod]
    public void NoValueIsReadByItem() => Assert.IsEmpty(Callers(called => called.DeclaringType == typeof(torch.Tensor) && called.Name == "item"));

    /// <summary>A generator draws on the CPU alone, whatever device it was made with.</summary>
    [TestMethod]
    public void RandomNumbersAreDrawnOnTheCpu()
        => CollectionAssert.AreEquivalent(
            new[]
            {
                "RobustAttribution.CpuDraws.<Normal>b__3_0", "RobustAttribution.CpuDraws.<Uniform>b__2_0", "RobustAttribution.CpuDraws.Seed",
                "RobustAttribution.Attributions.SharedNoise.<Draw>b__0", "RobustAttribution.Metrics.ParameterLayers.Shuffle",
                "RobustAttribution.Networks.InputSpecification.SampleImages", "RobustAttribution.Networks.NetworkArchitecture.SeedGlobalGenerator",
            },
            Callers(called => called.DeclaringType == typeof(torch) && Factories.Contains(called.Name)));

    [TestMethod]
    public void NoTrainingStepWaitsForAGpu()
    {
        string[] found = [.. Callers(IsRead).Where(name => Step.Any(space => name.StartsWith(space, StringComparison.Ordinal)))];
        string[] others = [.. found.Where(name => !Reads.Keys.Any(place => name.StartsWith(place, StringComparison.Ordinal)))];
        Assert.IsEmpty(others, string.Join('\n', others));
        string[] gone = [.. Reads.Keys.Where(place => !found.Any(name => name.StartsWith(place, StringComparison.Ordinal)))];
        Assert.IsEmpty(gone, string.Join('\n', gone));
    }

    private static bool IsRead(MethodBase called)
        => called.Name is "ToScalar" or "data" or "get_bytes" or "cpu" or "ToBoolean" or "ToInt64" or "ToDouble"
            && (called.DeclaringType == typeof(torch.Tensor) || called.DeclaringType?.Name == "TensorOperations");

    private static string[] Callers(Func<MethodBase, bool> isMeant)
        =>
        [
            .. (from method in Library.SelectMany(CompiledCalls.Methods)
                where CompiledCalls.Of(method).Any(isMeant)
                select NameOf(method)).Distinct(),
        ];

    private static string NameOf(MethodBase method)
    {
        Type type = method.DeclaringType!;
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return $"{type.FullName}.{method.Name}";
    }
}
