using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>Images, statistics and budgets that are not in pixel scale are refused with the range found.</summary>
[TestClass]
public class ValueRangeTests
{
    [TestMethod]
    [DataRow(255.0, 0.0, "from 0 to 255;")]
    [DataRow(2.0, -1.0, "from -1 to 1;")]
    [DataRow(1.0, double.NaN, "and has NaN;")]
    [DataRow(1.0, double.PositiveInfinity, "to Infinity;")]
    public void ImagesAreInPixelScale(double factor, double offset, string found)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor good, Tensor classes) = TinyNetworks.Batch(network);
        good.view(-1)[0] = tensor(0.0, network.DataType);
        good.view(-1)[1] = tensor(1.0, network.DataType);
        Tensor images = good * factor;
        if (double.IsFinite(offset))
        {
            images = images + offset;
        }
        else
        {
            images.view(-1)[7] = tensor(offset, network.DataType);
        }

        using var generator = new Generator(1, CPU);
        foreach (Action use in new Action[]
        {
            () => new ProjectedGradientDescent().Perturb(network, images, classes, generator),
            () => new RandomNoise().Perturb(network, images, classes, generator),
            () => new InputGradient().Attribute(network, images, classes),
            () => new SmoothGrad { Samples = 2 }.Attribute(network, images, classes),
            () => new SaliencyMap(new IntegratedGradients()).OfPredicted(network, images),
            () => new LocalGradientAlignment().Evaluate(network, images, classes, generator),
            () => network.Check(images),
        })
        {
            string message = Assert.ThrowsExactly<ArgumentException>(use).Message;
            StringAssert.Contains(message, found);
            StringAssert.Contains(message, "allowed is pixel scale, 0 to 1");
        }
    }

    [TestMethod]
    public void WhatRoundingAddsIsAllowed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        images.view(-1)[0] = tensor(-0.0009, network.DataType);
        images.view(-1)[1] = tensor(1.0009, network.DataType);
        Assert.AreNotEqual(0, new InputGradient().Attribute(network, images, classes).abs().sum().ToDouble());
        images.view(-1)[1] = tensor(1.0011, network.DataType);
        Assert.ThrowsExactly<ArgumentException>(() => new InputGradient().Attribute(network, images, classes));
    }

    [TestMethod]
    [DataRow(123.675, 0.5, "Mean is [123.675]")]
    [DataRow(-0.1, 0.5, "Mean is [-0.1]")]
    [DataRow(0.485, 58.395, "StandardDeviation is [58.395]")]
    public void StatisticsAreInPixelScale(double mean, double deviation, string found)
    {
        var input = new InputSpecification(1, 8, 8) { Mean = [mean], StandardDeviation = [deviation] };
        string message = Assert.ThrowsExactly<ArgumentException>(input.Validate).Message;
        StringAssert.Contains(message, found);
        StringAssert.Contains(message, "allowed is pixel scale, 0 to 1");
    }

    [TestMethod]
    public void BudgetsAreInPixelUnits()
    {
        new InputSpecification(1, 8, 8) { Mean = [0], StandardDeviation = [1] }.Validate();
        foreach (Action make in new Action[]
        {
            () => _ = new LinfBall(8), () => _ = new LinfBall { Radius = double.NaN }, () => new LinfBall().WithRadius(1.01),
            () => _ = new LocalGradientAlignment { Epsilon = 4 },
        })
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(make).Message, "from 0 to 1 in pixel units, so that 8 of 255 levels are 8.0 / 255");
        }

        Assert.AreEqual(1, new LinfBall(1).Radius);
    }
}
