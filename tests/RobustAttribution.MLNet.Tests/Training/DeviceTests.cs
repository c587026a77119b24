using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Training;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Where models compute: MLContext.GpuDeviceId and FallbackToCpu.</summary>
[TestClass]
public sealed class DeviceTests
{
    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(1, 2)]
    [DataRow(3, 4)]
    public void TheGpuWithThatIndexIsTaken(int wanted, int present)
    {
        List<string> warnings = [];
        Assert.AreEqual(wanted, DeviceChoice.Choose(wanted, present, fallBack: false, warnings.Add));
        Assert.AreEqual(wanted, DeviceChoice.Choose(wanted, present, fallBack: true, warnings.Add));
        Assert.IsEmpty(warnings);
    }

    [TestMethod]
    [DataRow(0, 0, "no usable GPU")]
    [DataRow(1, 1, "only the GPU 0")]
    [DataRow(2, 2, "the GPUs 0 to 1")]
    [DataRow(-1, 2, "the GPUs 0 to 1")]
    public void AMissingGpuIsAnErrorThatSaysWhichThereAre(int wanted, int present, string has)
    {
        List<string> warnings = [];
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => DeviceChoice.Choose(wanted, present, fallBack: false, warnings.Add));
        StringAssert.Contains(error.Message, $"GpuDeviceId is {wanted}; this machine has {has}.");
        StringAssert.Contains(error.Message, "FallbackToCpu = true");
        Assert.IsNull(DeviceChoice.Choose(wanted, present, fallBack: true, warnings.Add));
        StringAssert.Contains(warnings.Single(), "Computing on the CPU");
    }

    [TestMethod]
    public void AModelIsLoadedWhereTheGpuOfItsTrainingIsMissing()
    {
        if (torch.cuda.is_available())
        {
            Assert.Inconclusive("This machine has a GPU.");
        }

        using var scored = new Scored();
        using var file = new MemoryStream();
        scored.Context.Model.Save(scored.Model, scored.Data.Schema, file);

        file.Position = 0;
        var patient = new MLContext { GpuDeviceId = 1, FallbackToCpu = true };
        List<string> messages = [];
        patient.Log += (_, message) => messages.Add(message.Message);
        ITransformer loaded = patient.Model.Load(file, out _);
        Rows.AreEqual(Rows.Read(scored.View, ["Score"])[5].Values, Rows.Read(loaded.Transform(scored.Data), ["Score"])[5].Values, 0, "row 5");
        Assert.IsTrue(messages.Exists(message => message.Contains("GpuDeviceId is 1", StringComparison.Ordinal)), string.Join('\n', messages));

        file.Position = 0;
        Exception error = Assert.Throws<Exception>(() => new MLContext { GpuDeviceId = 1, FallbackToCpu = false }.Model.Load(file, out _));
        StringAssert.Contains((error is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : error).Message, "GpuDeviceId is 1");
    }
}
