using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class EnvironmentTests
{
    [TestMethod]
    public void MessagesReachTheLog()
    {
        var context = new MLContext();
        var messages = new ConcurrentQueue<LoggingEventArgs>();
        context.Log += (sender, message) =>
        {
            Assert.AreSame(context, sender);
            messages.Enqueue(message);
        };
        var host = ((IHostEnvironment)context).Register("Trainer");
        using (var channel = host.Start("TrainModel"))
        {
            channel.Info(MessageSensitivity.None, "epoch {0} of {1}", 1, 4);
            channel.Warning(MessageSensitivity.None, "slow");
        }

        var info = messages.Single(message => message.Kind == ChannelMessageKind.Info);
        Assert.AreEqual("epoch 1 of 4", info.RawMessage);
        Assert.AreEqual("Trainer; TrainModel", info.Source);
        Assert.AreEqual("[Source=Trainer; TrainModel, Kind=Info] epoch 1 of 4", info.Message);
        Assert.AreEqual(ChannelMessageKind.Warning, messages.Single(message => message.RawMessage == "slow").Kind);
        CollectionAssert.IsSubsetOf(new[] { "Channel started", "Channel disposed" }, messages.Select(message => message.RawMessage).ToArray());
    }

    [TestMethod]
    public void ASeedMakesTheGeneratorsOfHostsRepeatable()
    {
        Assert.AreEqual(Draw(new MLContext(3)), Draw(new MLContext(3)));
        Assert.AreNotEqual(Draw(new MLContext(3)), Draw(new MLContext(4)));
        IHostEnvironment environment = new MLContext(3);
        Assert.AreEqual(environment.Register("a", seed: 9).Rand.Next(), environment.Register("b", seed: 9).Rand.Next());
        Assert.AreNotEqual(environment.Register("a").Rand.Next(), environment.Register("a").Rand.Next(), "each host has its own");

        static int Draw(IHostEnvironment environment) => environment.Register("host").Rand.Next();
    }

    [TestMethod]
    public void TheDeviceIsTheCpuUnlessSaid()
    {
        var context = new MLContext();
        Assert.IsNull(context.GpuDeviceId);
        context.GpuDeviceId = 1;
        context.FallbackToCpu = false;
        Assert.AreEqual(1, context.GpuDeviceId);
        Assert.IsFalse(context.FallbackToCpu);
        Assert.IsTrue(Directory.Exists(context.TempFilePath));
    }

    [TestMethod]
    public void AHostKnowsItsNameAndCatalog()
    {
        IHostEnvironment environment = new MLContext();
        var host = environment.Register("Trainer");
        Assert.AreSame(environment.ComponentCatalog, host.ComponentCatalog);
        Assert.Throws<ArgumentException>(() => environment.Register(""));
        using var channel = host.Start("TrainModel");
        Assert.AreEqual("Trainer; TrainModel", channel.ContextDescription);
        var error = channel.Process(new InvalidOperationException("x"));
        Assert.AreEqual("Trainer", error.Data["Throwing component"]);
        Assert.AreEqual("TrainModel", error.Data["Phase"]);
    }

    [TestMethod]
    public void ProgressChannelsTakeCheckpoints()
    {
        IHostEnvironment environment = new MLContext();
        var channel = environment.Register("Trainer").StartProgressChannel("Training");
        int filled = 0;
        channel.SetHeader(new ProgressHeader(["loss"], ["epochs"]), entry => filled++);
        channel.Checkpoint(0.5, 1);
        channel.Checkpoint(0.4, 2, 10);
        Assert.ThrowsExactly<InvalidOperationException>(() => channel.Checkpoint(0.4, 2, 10, 11));
        channel.Dispose();
        channel.Dispose();
        Assert.ThrowsExactly<InvalidOperationException>(() => channel.Checkpoint(0.4));
        var header = new ProgressHeader("rows");
        CollectionAssert.AreEqual(new[] { "rows" }, header.UnitNames.ToArray());
        Assert.IsEmpty(header.MetricNames);
    }

    [TestMethod]
    public void ComponentsOfAnAssemblyAreRegisteredOnce()
    {
        var context = new MLContext();
        context.ComponentCatalog.RegisterAssembly(typeof(EnvironmentTests).Assembly);
        context.ComponentCatalog.RegisterAssembly(typeof(EnvironmentTests).Assembly);
        Assert.AreSame(context.ComponentCatalog, ((IHostEnvironment)context).ComponentCatalog);
    }
}
