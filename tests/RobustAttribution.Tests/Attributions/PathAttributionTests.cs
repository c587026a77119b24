using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

/// <summary>Gradients, gradient × input, integrated gradients and their parts against their definitions.</summary>
[TestClass]
public sealed class PathAttributionTests
{
    private static readonly ulong[] Seeds = [1, 2, 3];

    [TestMethod]
    public void TheGradientIsTheChainRules()
    {
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        foreach (ulong seed in Seeds)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional(seed, activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
            var reference = new ChainReference(network);
            Tensor gradient = new InputGradient().Attribute(network, images, classes);
            for (int n = 0; n < 2; n++)
            {
                double[] atNormalized = reference.Gradient(Values.Of(network.Normalize(images)[n]), (int)classes[n].ToInt64());
                Values.AreClose(
                    [.. atNormalized.Select((value, i) => value / network.Input.StandardDeviation[i / 64])], Values.Of(gradient[n]), 1e-10);
            }
        }
    }

    [TestMethod]
    public void OnALinearNetworkEveryPathAttributionIsExact()
    {
        foreach (ulong seed in Seeds)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Linear(seed);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
            Tensor weights = network.Backbone.parameters().First().detach().index_select(0, classes)
                .reshape(images.shape) * network.NormalizedRadius(1);

            Values.AreClose(weights, new InputGradient().Attribute(network, images, classes), 1e-12, "gradient");
            Values.AreClose(weights, new GuidedBackpropagation().Attribute(network, images, classes), 1e-12, "guided");
            Values.AreClose(weights, new Deconvolution().Attribute(network, images, classes), 1e-12, "deconvolution");
            Values.AreClose(weights, new SmoothGrad { Samples = 3 }.Attribute(network, images, classes), 1e-12, "SmoothGrad");
            Values.AreClose(weights.square(), new SquaredSmoothGrad { Samples = 3 }.Attribute(network, images, classes), 1e-12, "SmoothGrad²");
            Values.AreClose(zeros_like(weights), new VarianceGrad { Samples = 3 }.Attribute(network, images, classes), 1e-12, "VarGrad");
            foreach (Baseline baseline in AttributionTable.Baselines)
            {
                Tensor expected = weights * (images - baseline.For(images, network.Input));
                Values.AreClose(
                    expected,
                    new GradientTimesInput { Baseline = baseline }.Attribute(network, images, classes),
                    1e-12,
                    $"gradient × input, {baseline}");
                foreach (PathQuadrature quadrature in AttributionTable.Quadratures)
                {
                    Values.AreClose(
                        expected,
                        new IntegratedGradients { Steps = 2, Baseline = baseline, Quadrature = quadrature }.Attribute(network, images, classes),
                        1e-12,
                        $"IG, {baseline}, {quadrature}");
                }
            }
        }
    }

    [TestMethod]
    public void IntegratedGradientsAreTheWeightedSumOfGradientsOnThePath()
    {
        foreach (PathQuadrature quadrature in AttributionTable.Quadratures)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Tensor sum = zeros_like(images);
            foreach ((double alpha, double weight) in quadrature.Rule(4))
            {
                sum += new InputGradient().Attribute(network, 1 + (alpha * (images - 1)), classes) * weight;
            }

            Values.AreClose(
                (images - 1) * sum,
                new IntegratedGradients { Steps = 4, Baseline = Baseline.White, Quadrature = quadrature }.Attribute(network, images, classes),
                1e-12,
                quadrature.ToString());
        }
    }

    [TestMethod]
    public void IntegratedGradientsAreComplete()
    {
        foreach (Baseline baseline in AttributionTable.Baselines)
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Residual();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Tensor of = classes.unsqueeze(1);
            double[] expected = Values.Of((network.Logits(images) - network.Logits(baseline.For(images, network.Input))).gather(1, of).squeeze(1));
            Values.AreClose(expected, Sums(new GaussLegendreQuadrature(), 30), 1e-6, "Gauss and Legendre");
            double coarse = Error(new TrapezoidQuadrature(), 20), fine = Error(new TrapezoidQuadrature(), 40);
            Assert.IsLessThan(0.01, coarse);
            Assert.AreEqual(4, coarse / fine, 0.5, "the trapezoid's error falls with the square of the steps");

            double[] Sums(PathQuadrature quadrature, int steps)
            {
                var method = new IntegratedGradients { Steps = steps, Baseline = baseline, Quadrature = quadrature };
                return Values.Of(method.Attribute(network, images, classes).flatten(1).sum(1));
            }

            double Error(PathQuadrature quadrature, int steps) => Sums(quadrature, steps).Zip(expected, (a, b) => Math.Abs(a - b)).Sum();
        }
    }

    [TestMethod]
    public void QuadraturesAreExactUpToTheirDegree()
    {
        foreach ((PathQuadrature quadrature, Func<int, int> degree) in new (PathQuadrature, Func<int, int>)[]
        {
            (new LeftQuadrature(), _ => 0),
            (new RightQuadrature(), _ => 0),
            (new MidpointQuadrature(), _ => 1),
            (new TrapezoidQuadrature(), _ => 1),
            (new GaussLegendreQuadrature(), n => (2 * n) - 1),
        })
        {
            foreach (int steps in new[] { 1, 2, 3, 7, 50 })
            {
                IReadOnlyList<(double Alpha, double Weight)> rule = quadrature.Rule(steps);
                Assert.HasCount(quadrature is TrapezoidQuadrature ? steps + 1 : steps, rule);
                Assert.IsTrue(rule.All(point => point is { Alpha: >= 0 and <= 1, Weight: > 0 }));
                Assert.IsTrue(rule.Zip(rule.Skip(1)).All(pair => pair.First.Alpha < pair.Second.Alpha));
                for (int power = 0; power <= degree(steps); power++)
                {
                    Assert.AreEqual(
                        1.0 / (power + 1),
                        rule.Sum(point => point.Weight * Math.Pow(point.Alpha, power)),
                        1e-13,
                        $"{quadrature} {steps}: x^{power}");
                }
            }

            int beyond = degree(3) + 1;
            Assert.AreNotEqual(
                1.0 / (beyond + 1),
                quadrature.Rule(3).Sum(point => point.Weight * Math.Pow(point.Alpha, beyond)),
                1e-6,
                $"{quadrature}: and no further");
        }

        Assert.AreEqual(0, new LeftQuadrature().Rule(5)[0].Alpha);
        Assert.AreEqual(1, new RightQuadrature().Rule(5)[4].Alpha);
    }

    [TestMethod]
    public void BaselinesAreTheirDefinitions()
    {
        using var scope = NewDisposeScope();
        var input = new InputSpecification(2, 7, 9) { Mean = [0.25, 0.75], LowerBound = -1, UpperBound = 2 };
        Tensor images = rand([2, 2, 7, 9], ScalarType.Float64, CPU, false, new Generator(3, CPU));

        Values.AreClose(full_like(images, -1), Baseline.Black.For(images, input), 0);
        Values.AreClose(full_like(images, 2), Baseline.White.For(images, input), 0);
        Tensor mean = Baseline.Mean.For(images, input);
        Values.AreClose(full([2, 7, 9], 0.25, ScalarType.Float64, CPU), mean[TensorIndex.Colon, 0], 0);
        Values.AreClose(full([2, 7, 9], 0.75, ScalarType.Float64, CPU), mean[TensorIndex.Colon, 1], 0);
        foreach (double sigma in new[] { 0.7, 4 })
        {
            Tensor blurred = Baseline.Blurred(sigma).For(images, input);
            Values.AreClose(MapReferences.Blur(Values.Of(images[1, 0]), 7, 9, sigma), Values.Of(blurred[1, 0]), 1e-12);
        }
    }

    [TestMethod]
    public void TheMemoryBudgetBoundsThePassesAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork inner = TinyNetworks.Convolutional();
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
        long perImage = network.ActivationBytesPerImage;
        // conv1, relu1, conv2, relu2: 3 maps of 8×8; pool1: 3 of 4×4; conv3 to relu4: 4 of 4×4; pool2, flatten: 4 of 2×2; fc1, relu5: 5; fc2: 4; the
        // image: 2 of 8×8.
        Assert.AreEqual(8 * ((4 * 192) + 48 + (4 * 64) + 32 + 10 + 4 + 128), perImage);
        foreach ((SampledAttribution method, int variants) in new (SampledAttribution, int)[]
        {
            (new IntegratedGradients { Steps = 10 }, 11), (new SmoothGrad { Samples = 11 }, 11), (new VarianceGrad { Samples = 11 }, 11),
        })
        {
            Tensor expected = method.Attribute(network, images, classes);
            foreach (int count in new[] { 1, 3, 4, 7, 8, 1000 })
            {
                counter.Reset();
                Tensor actual = (method with { MemoryBudget = (2 * count * perImage) + 1 }).Attribute(network, images, classes);
                Values.AreClose(expected, actual, 1e-12, $"{method.GetType().Name} with {count} images in a pass");
                Assert.AreEqual(Math.Min(count >= 4 ? count / 4 * 4 : count, 4 * variants), counter.LargestCall);
            }
        }
    }

    [TestMethod]
    public void APassOnTheCpuHasAtMost64Images()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork inner = TinyNetworks.Convolutional();
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        foreach ((int images, int calls) in new[] { (6, 2), (64, 11), (65, 11 + 1) })
        {
            (Tensor batch, Tensor classes) = TinyNetworks.Batch(network, images);
            _ = network.ActivationBytesPerImage;
            counter.Reset();
            new IntegratedGradients { Steps = 10 }.Attribute(network, batch, classes);
            Assert.IsLessThanOrEqualTo(64, counter.LargestCall);
            Assert.AreEqual(calls, counter.Calls, $"{images} images at 11 points");
        }
    }
}
