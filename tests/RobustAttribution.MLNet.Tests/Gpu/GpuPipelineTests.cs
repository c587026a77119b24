using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Objectives;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Gpu;

/// <summary>A pipeline of a context with a GPU gives what one of the CPU gives, to float32's rounding.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class GpuPipelineTests
{
    private const double Tolerance = 1e-3; // of float32 sums in another order, over two epochs

    [TestMethod]
    public void TrainingScoresMapsAndAttacksAreThoseOfTheCpu()
    {
        int? gpu = Gpu();
        using RobustAttributionModelTransformer onCpu = Train(new MLContext(1)), onGpu = Train(new MLContext(1) { GpuDeviceId = gpu, FallbackToCpu = false });
        Assert.AreEqual(DeviceType.CPU, onCpu.Network.Device.type);
        Assert.AreEqual(gpu is null ? DeviceType.CPU : DeviceType.CUDA, onGpu.Network.Device.type);
        AreClose(Measure(new MLContext(1), onCpu), Measure(new MLContext(1), onGpu));
    }

    [TestMethod]
    public void AModelIsSavedOnOneDeviceAndLoadedOnTheOther()
    {
        int? gpu = Gpu();
        using RobustAttributionModelTransformer trained = Train(new MLContext(1) { GpuDeviceId = gpu, FallbackToCpu = false });
        using var file = new MemoryStream();
        new MLContext(1).Model.Save(trained, null, file);
        file.Position = 0;
        using var loaded = (RobustAttributionModelTransformer)new MLContext(1).Model.Load(file, out _);
        Assert.AreEqual(DeviceType.CPU, loaded.Network.Device.type);
        AreClose(Measure(new MLContext(1), trained), Measure(new MLContext(1), loaded));
    }

    private static int? Gpu()
    {
        if (Environment.GetEnvironmentVariable("ROBUSTATTRIBUTION_TEST_DEVICE") is not { Length: > 0 } name || name == "cpu")
        {
            return null;
        }

        if (!torch.cuda.is_available())
        {
            Assert.Inconclusive($"No test can run on {name}: libtorch finds no GPU here.");
        }

        torch.backends.cudnn.allow_tf32 = false;
        torch.backends.cuda.matmul.allow_tf32 = false;
        return name.Split(':') is [_, { } index] ? int.Parse(index) : 0;
    }

    private static RobustAttributionModelTransformer Train(MLContext context)
    {
        CountingArchitecture.Register();
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(24));
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with
        {
            Objective = new LocalGradientAlignment(), Epochs = 2, ValidationSetFraction = 0.25,
        };
        return context.Transforms.RobustImageClassification(options).Fit(context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw));
    }

    private static float[] Measure(MLContext context, RobustAttributionModelTransformer model)
    {
        IDataView scored = model.Transform(context.Data.LoadFromEnumerable(TestImage.Make(9)));
        IDataView explained = context.Transforms.Saliency().Fit(scored).Transform(scored);
        IDataView attacked = context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = new TopKAttack { K = 9, Steps = 2 }, Similarities = [] })
            .Fit(explained).Transform(explained);
        return [.. Rows.Read(attacked, ["Score", "Saliency", "AttackedImage"]).SelectMany(row => row.Values.Values.SelectMany(value => (float[])value))];
    }

    private static void AreClose(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        double largest = expected.Max(Math.Abs);
        double[] apart = [.. expected.Zip(found, (a, b) => Math.Abs((double)a - b))];
        Assert.IsLessThan(Tolerance * largest, apart.Max());
    }
}
