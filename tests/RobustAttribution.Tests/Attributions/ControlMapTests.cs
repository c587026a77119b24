using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

/// <summary>Controls: maps that know nothing of the network.</summary>
[TestClass]
public sealed class ControlMapTests
{
    [TestMethod]
    public void EdgesAreThoseOfSobelsOperator()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        double[] map = Values.Of(new EdgeMap().Attribute(network, images, classes)[1, 0]);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        double[] pixels = Values.Of(images[1].mean([0]));
        double At(int row, int column) => pixels[(Math.Clamp(row, 0, height - 1) * width) + Math.Clamp(column, 0, width - 1)];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double across = 0, down = 0;
                for (int i = -1; i <= 1; i++)
                {
                    int weight = i == 0 ? 2 : 1;
                    across += weight * (At(y + i, x + 1) - At(y + i, x - 1));
                    down += weight * (At(y + 1, x + i) - At(y - 1, x + i));
                }

                Assert.AreEqual(Math.Sqrt((across * across) + (down * down)) / 8, map[(y * width) + x], 1e-9);
            }
        }
    }

    [TestMethod]
    public void RandomMapsAreThoseOfTheImageAndTheSeed()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3);
        Tensor map = new RandomMap().Attribute(network, images, classes);
        Values.AreClose(map.narrow(0, 2, 1), new RandomMap().Attribute(network, images.narrow(0, 2, 1), classes.narrow(0, 2, 1)), 0);
        double[] values = Values.Of(map);
        Assert.IsTrue(values.All(value => value is >= 0 and < 1));
        Assert.AreEqual(values.Length, values.Distinct().Count());
        Assert.AreEqual(0.5, values.Average(), 0.1);
        foreach (Tensor other in new[] { new RandomMap { Seed = 1 }.Attribute(network, images, classes), new RandomMap().Attribute(network, images * 0.999, classes) })
        {
            Assert.IsFalse(map.eq(other).any().ToBoolean());
        }
    }

    [TestMethod]
    public void TheyDependOnNoNetworkAndNoClassAndLeaveNothingBehind()
    {
        foreach (IAttributionMethod control in AttributionTable.Controls)
        {
            (ImageNetwork network, CountingModule counter) = CountingModule.Around(TinyNetworks.Convolutional());
            using IDisposable owned = network;
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3);
            using Tensor others = (classes + 1).remainder(4), tooFew = classes.narrow(0, 0, 2).clone();
            counter.Reset();
            NetworkState state = NetworkState.Of(network);
            using (NewDisposeScope())
            {
                Tensor map = control.Attribute(network, images, classes);
                CollectionAssert.AreEqual(new[] { 3, 1, images.shape[2], images.shape[3] }, map.shape);
                Assert.AreEqual(images.dtype, map.dtype);
                Values.AreClose(map, control.Attribute(network, images, others), 0);
                Assert.ThrowsExactly<ArgumentException>(() => control.Attribute(network, images, tooFew));
                Assert.ThrowsExactly<NotSupportedException>(() => control.Attribute(network, images, classes, createGraph: true));
            }

            state.IsUnchanged($"{control}");
            Assert.AreEqual(0, counter.Calls, $"{control}");
            images.Dispose();
            classes.Dispose();
        }
    }
}
