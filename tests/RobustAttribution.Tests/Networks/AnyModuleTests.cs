using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>Networks that are not ours: TorchVision's, and modules as a user writes them.</summary>
[TestClass]
public sealed class AnyModuleTests
{
    [TestMethod]
    [DataRow("relu")]
    [DataRow("softplus")]
    public void TorchVisionsResNet18IsExplainedAsOurs(string kind)
    {
        using var scope = NewDisposeScope();
        Activation activation = kind == "relu" ? Activation.Relu : TinyNetworks.Smooth;
        (ImageNetwork theirs, ImageNetwork ours) = ResNets(activation);
        using (theirs)
        using (ours)
        {
            Assert.AreEqual(activation, theirs.Activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(ours, 2);
            Values.AreClose(ours.Logits(images), theirs.Logits(images), 1e-10, "logits");
            foreach (IAttributionMethod method in AttributionTable.Rows)
            {
                Tensor expected = method.Attribute(ours, images, classes);
                double scale = expected.abs().max().ToDouble();
                scale = scale == 0 && method is GradCam ? 1 : scale; // never negative, and all of one pixel here
                Assert.IsGreaterThan(0, scale, $"{method}");
                Values.AreClose(expected / scale, method.Attribute(theirs, images, classes) / scale, 1e-9, $"{method}");
            }
        }
    }

    public static IEnumerable<object[]> Objectives
        => from row in Enumerable.Range(0, ObjectiveTable.Rows.Count) from kind in new[] { "relu", "softplus" } select new object[] { row, kind };

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void TorchVisionsResNet18IsTrainedAsOurs(int row, string kind)
    {
        using var scope = NewDisposeScope();
        (ImageNetwork theirs, ImageNetwork ours) = ResNets(kind == "relu" ? Activation.Relu : TinyNetworks.Smooth);
        using (theirs)
        using (ours)
        {
            (Tensor images, Tensor classes) = TinyNetworks.Batch(ours, 2);
            (double expectedLoss, Tensor[] expected) = Gradients(ours);
            (double loss, Tensor[] gradients) = Gradients(theirs);
            Assert.AreEqual(expectedLoss, loss, 1e-9 * Math.Abs(expectedLoss));
            Assert.HasCount(62, gradients);
            double scale = expected.Max(gradient => gradient.abs().max().ToDouble());
            Assert.IsGreaterThan(0, scale);
            for (int i = 0; i < gradients.Length; i++)
            {
                Values.AreClose(expected[i] / scale, gradients[i] / scale, 1e-8, $"parameter {i}");
            }

            (double Loss, Tensor[] Gradients) Gradients(ImageNetwork network)
            {
                using ObjectiveResult result = ObjectiveLaws.Evaluate(ObjectiveTable.Rows[row].Objective, network, images, classes);
                var parameters = network.Backbone.named_parameters().OrderBy(entry => entry.name, StringComparer.Ordinal);
                return (result.Loss.ToDouble(), [.. autograd.grad([result.Loss], [.. parameters.Select(entry => entry.parameter)])]);
            }
        }
    }

    [TestMethod]
    public void AnActivationExchangedIsGivenBackAlsoAfterAnException()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork theirs, ImageNetwork ours) = ResNets(Activation.Relu);
        using (theirs)
        using (ours)
        {
            Tensor images = TinyNetworks.Batch(ours, 2).Images;
            double[] before = Values.Of(theirs.Logits(images));
            Assert.ThrowsExactly<InvalidOperationException>(() =>
            {
                using IDisposable switched = theirs.WithActivation(TinyNetworks.Smooth);
                using IDisposable again = theirs.WithActivation(Activation.Softplus(5));
                throw new InvalidOperationException("stop");
            });
            CollectionAssert.AreEqual(before, Values.Of(theirs.Logits(images)));
            using (theirs.WithActivation(TinyNetworks.Smooth))
            using (ours.WithActivation(TinyNetworks.Smooth))
            {
                Values.AreClose(ours.Logits(images), theirs.Logits(images), 1e-10);
                using (theirs.WithActivation(Activation.Softplus(5)))
                {
                    CollectionAssert.AreNotEqual(before, Values.Of(theirs.Logits(images)));
                }

                Values.AreClose(ours.Logits(images), theirs.Logits(images), 1e-10, "the outer one is back");
            }

            CollectionAssert.AreEqual(before, Values.Of(theirs.Logits(images)));
        }
    }

    [TestMethod]
    [DataRow("resnet34", 32)]
    [DataRow("resnet50", 32)]
    [DataRow("alexnet", 64)]
    [DataRow("vgg11_bn", 32)]
    [DataRow("mobilenet_v2", 32)]
    public void TorchVisionsNetworksAreExplainedAttackedAndChecked(string name, int size)
    {
        using var scope = NewDisposeScope();
        manual_seed(3); // for TorchVision
        nn.Module<Tensor, Tensor> module = name switch
        {
            "resnet34" => NarrowNetworks.Narrow(torchvision.models.resnet34(num_classes: 4)),
            "resnet50" => NarrowNetworks.Narrow(torchvision.models.resnet50(num_classes: 4)),
            "alexnet" => NarrowNetworks.Narrow(torchvision.models.alexnet(num_classes: 4)),
            "vgg11_bn" => NarrowNetworks.Narrow(torchvision.models.vgg11_bn(num_classes: 4)),
            _ => torchvision.models.mobilenet_v2(num_classes: 4),
        };
        using ImageNetwork network = TinyNetworks.Trained(new ImageNetwork(module, TinyNetworks.Input(3, size), 4), 5);
        network.MoveTo(CPU, ScalarType.Float64);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        NetworkState state = NetworkState.Of(network);
        using (NewDisposeScope())
        using (network.ForInspection())
        {
            IAttributionMethod[] methods =
            [
                new GuidedBackpropagation(), new Deconvolution(),
                .. AttributionTable.Composites.Select(composite => new LayerwiseRelevance { Composite = composite }),
            ];
            foreach (IAttributionMethod method in methods)
            {
                double[] map = Values.Of(method.Attribute(network, images, classes));
                Assert.IsTrue(map.All(double.IsFinite) && map.Any(value => value != 0), $"{method}");
            }

            // LRP-0 is gradient × normalised input wherever hooks see every activation.
            var epsilon = new EpsilonRule { Epsilon = 1e-13 };
            var zero = new LayerwiseRelevance { Composite = new RelevanceComposite { Convolution = epsilon, Dense = epsilon } };
            Tensor expected = new GradientTimesInput { Baseline = Baseline.Mean }.Attribute(network, images, classes);
            double scale = expected.abs().max().ToDouble();
            Values.AreClose(expected / scale, zero.Attribute(network, images, classes) / scale, 1e-6, "LRP-0");
        }

        using (NewDisposeScope())
        using (AttackResult attack = new TopKAttack { Steps = 2, K = 20 }.Perturb(network, images, classes, new Generator(1, CPU)))
        {
            Assert.IsGreaterThan(0, (attack.Images - images).abs().max().ToDouble());
        }

        NetworkCheck check = network.Check(images);
        Assert.IsEmpty(check.Findings, string.Join(' ', check.Findings));
        Assert.AreEqual(0, check.LogitDifference, 1e-9);
        Assert.IsLessThan(0.05, check.GradientError);
        state.IsUnchanged(name);
    }

    [TestMethod]
    public void TheSecondDerivativeOfRelevanceIsThatOfDifferencesOnTorchVisionsResNet18()
    {
        using var scope = NewDisposeScope();
        (ImageNetwork network, ImageNetwork ours) = ResNets(TinyNetworks.Smooth);
        ours.Dispose();
        using (network)
        {
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 1);
            using var generator = new Generator(3, CPU);
            Tensor weights = randn(images.shape, ScalarType.Float64, CPU, false, generator);
            Tensor direction = randn(images.shape, ScalarType.Float64, CPU, false, generator);
            var method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus };
            Tensor point = images.detach().requires_grad_(true);
            Tensor derivative = autograd.grad([(method.Attribute(network, point, classes, createGraph: true) * weights).sum()], [point])[0];
            double slope = (derivative * direction).sum().ToDouble();
            const double H = 1e-6;
            double difference = (Weighted(images + (direction * H)) - Weighted(images - (direction * H))) / (2 * H);
            Assert.AreEqual(difference, slope, 1e-4 * Math.Abs(difference));

            double Weighted(Tensor at) => (method.Attribute(network, at, classes) * weights).sum().ToDouble();
        }
    }

    [TestMethod]
    public void ReluLikeModulesTakeAnActivationInReluSPlace()
    {
        using var scope = NewDisposeScope();
        Tensor x = linspace(-9, 9, 128, ScalarType.Float32).reshape(1, 2, 8, 8);
        Activation activation = Activation.Softplus(3);
        Is(nn.ReLU(), values => activation.Apply(values));
        Is(nn.ReLU(inplace: true), values => activation.Apply(values));
        Is(nn.ReLU6(inplace: true), values => activation.Apply(values) - activation.Apply(values - 6));
        Is(nn.LeakyReLU(0.1), values => (values * 0.1) + (activation.Apply(values) * 0.9));

        void Is(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor> expected)
        {
            using var network = new ImageNetwork(nn.Sequential(module, nn.Flatten()), new InputSpecification(2, 8, 8), 128);
            double[] plain = Values.Of(network.LogitsOfNormalized(x.clone()));
            network.SetActivation(activation);
            Values.AreClose(Values.Of(expected(x)), Values.Of(network.LogitsOfNormalized(x.clone())), 1e-6, module.GetType().Name);
            Assert.AreEqual(activation, network.Activation);
            network.SetActivation(Activation.Relu);
            CollectionAssert.AreEqual(plain, Values.Of(network.LogitsOfNormalized(x.clone())));
        }
    }

    [TestMethod]
    public void GradCamSeesALayerBeforeAnInPlaceRelu()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        nn.Module<Tensor, Tensor> convolution = SeededLayers.Convolution(2, 3, 3, 1, 1, true, generator);
        nn.Module<Tensor, Tensor> head = SeededLayers.Linear(192, 4, generator);
        ImageNetwork With(nn.Module<Tensor, Tensor> relu) => new(
            nn.Sequential(("conv", convolution), ("relu", relu), ("flatten", nn.Flatten()), ("fc", head)), TinyNetworks.Input(), 4);
        using ImageNetwork inPlace = With(nn.ReLU(inplace: true));
        using ImageNetwork apart = With(nn.ReLU());
        Tensor images = rand([2, 2, 8, 8], generator: generator), classes = tensor(new long[] { 0, 3 });
        foreach (bool createGraph in new[] { false, true })
        {
            Tensor expected = new GradCam { Layer = "conv" }.Attribute(apart, images, classes, createGraph);
            Assert.IsGreaterThan(0, expected.abs().max().ToDouble());
            Values.AreClose(expected, new GradCam { Layer = "conv" }.Attribute(inPlace, images, classes, createGraph), 1e-6);
        }
    }

    [TestMethod]
    public void TheCheckNamesWhatHooksDoNotSee()
    {
        using var scope = NewDisposeScope();
        Finds("Between 'conv' and 'fc'", (conv, fc, x) => fc.call(nn.functional.relu(conv.call(x)).flatten(1)));
        Finds("Between 'conv' and 'fc'", (conv, fc, x) => fc.call(nn.functional.softplus(conv.call(x), 1, 20).flatten(1)));
        Finds("Between 'conv' and 'fc'", (conv, fc, x) => fc.call((conv.call(x) * conv.call(x)).flatten(1)));
        Finds("Between 'fc' and the logits", (conv, fc, x) => fc.call(conv.call(x).flatten(1)).tanh());
        Finds(
            "'conv', a Conv2d, is never called through call()",
            (conv, fc, x) => fc.call(nn.functional.conv2d(x, ((TorchSharp.Modules.Conv2d)conv).weight, null, [1, 1], [1, 1]).flatten(1)));
        Finds("What 'conv' puts out is changed in place", (conv, fc, x) => fc.call(conv.call(x).mul_(3).flatten(1)));
        Finds(null, (conv, fc, x) => fc.call((conv.call(x) + (conv.call(x) * 2)).flatten(1)));

        static void Finds(string? what, Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> forward)
        {
            using var network = new ImageNetwork(new Written(forward), TinyNetworks.Input(), 4);
            NetworkCheck check = network.Check(rand([3, 2, 8, 8]));
            if (what is null)
            {
                Assert.IsEmpty(check.Findings, string.Join(' ', check.Findings));
            }
            else
            {
                Assert.IsTrue(
                    check.Findings.Any(finding => finding.StartsWith(what, StringComparison.Ordinal)),
                    $"{what}: {string.Join(' ', check.Findings)}");
            }
        }
    }

    [TestMethod]
    [DataRow("mobilenet_v3_small", "its own")]
    [DataRow("mobilenet_v3_small", "softplus")]
    [DataRow("hardsigmoid", "its own")]
    public void AnOperationWithoutSecondDerivativeIsAnErrorThatNamesIt(string name, string kind)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = name == "hardsigmoid"
            ? new ImageNetwork(new Written((conv, fc, x) => fc.call(nn.functional.hardsigmoid(conv.call(x)).flatten(1))), TinyNetworks.Input(), 4)
            : new ImageNetwork(torchvision.models.mobilenet_v3_small(), TinyNetworks.Input(3, 32), 1000);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        Tensor parameter = network.Backbone.parameters().First();
        parameter.grad = ones_like(parameter);
        Tensor random = get_rng_state();
        NetworkState state = NetworkState.Of(network);
        var attack = new TopKAttack { Steps = 2, K = 20, Surrogate = kind == "softplus" ? Activation.Softplus(3) : null };
        Fails(() => attack.Perturb(network, images, classes, new Generator(1, CPU)));
        Fails(() => new LocalGradientAlignment().Evaluate(network, images, classes, new Generator(1, CPU)));
        Fails(() => new SpatialAlignment { AttributionActivation = null, Attack = new() { Surrogate = null } }.Evaluate(network, images, classes, new Generator(1, CPU)));
        Fails(() => new HessianNormPenalty().Evaluate(network, images, classes, new Generator(1, CPU)));
        Fails(() => new HessianNorm().Measure(network, images, classes, new Generator(1, CPU)));
        Fails(() => new AlignmentAttack { Steps = 1, Surrogate = null }.Perturb(network, images, classes, new Generator(1, CPU)));
        Fails(() => new InputGradient().Attribute(network, images, classes, createGraph: true));
        state.IsUnchanged(name);
        Assert.AreEqual(1, parameter.grad!.min().ToDouble());
        Assert.AreEqual(1, parameter.grad!.max().ToDouble());
        Assert.IsTrue(random.eq(get_rng_state()).all().ToBoolean());
        Assert.IsGreaterThan(0, new InputGradient().Attribute(network, images, classes).abs().max().ToDouble());

        static void Fails(Action action)
        {
            string message = Assert.ThrowsExactly<NotSupportedException>(action).Message;
            StringAssert.Contains(message, "has no second derivative");
            StringAssert.Contains(message, "hardsigmoid_backward");
            StringAssert.Contains(message, "relu6(x + 3) / 6");
        }
    }

    [TestMethod]
    public void GradCamIsDifferentiatedWhereOnlyTheLayersBeforeItsMapsHaveNoSecondDerivative()
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> Build(nn.Module<Tensor, Tensor> head) => nn.Sequential(
            ("conv", nn.Conv2d(2, 3, 3, padding: 1)), ("hard", nn.Hardsigmoid()), ("maps", nn.Conv2d(3, 3, 1)), ("head", head),
            ("flatten", nn.Flatten()), ("fc", nn.Linear(192, 4)));
        using var smooth = new ImageNetwork(Build(nn.Softplus()), TinyNetworks.Input(), 4) { FeatureLayer = "maps" };
        (Tensor images, Tensor classes) = TinyNetworks.Batch(smooth, 2);
        Tensor point = images.detach().requires_grad_(true);
        Tensor map = new GradCam().Attribute(smooth, point, classes, createGraph: true);
        Assert.IsGreaterThan(0, autograd.grad([map.sum()], [point])[0].abs().max().ToDouble());

        using var hard = new ImageNetwork(Build(nn.Hardsigmoid()), TinyNetworks.Input(), 4) { FeatureLayer = "maps" };
        Assert.ThrowsExactly<NotSupportedException>(() => new GradCam().Attribute(hard, point, classes, createGraph: true));
        Assert.IsTrue(new GradCam().Attribute(hard, images, classes).isfinite().all().ToBoolean());
    }

    [TestMethod]
    public void AChangeInPlaceThatTheGradientNeedsIsAnErrorThatNamesTheModule()
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> relu = nn.ReLU();
        using var network = new ImageNetwork(new Holding(relu, (conv, fc, x) => fc.call(relu.call(conv.call(x)).mul_(3).flatten(1))), TinyNetworks.Input(), 4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        Assert.IsTrue(network.Logits(images).isfinite().all().ToBoolean());
        NetworkCheck check = network.Check(images);
        StringAssert.Contains(check.ToString(), "What 'relu' puts out is changed in place by something that is no module.");
        StringAssert.Contains(check.ToString(), "x * 3 for x.mul_(3)");
        Assert.IsTrue(double.IsNaN(check.GradientError));
        Fails(() => new InputGradient().Attribute(network, images, classes));
        Fails(() => new IntegratedGradients().Attribute(network, images, classes));
        Fails(() => new GuidedBackpropagation().Attribute(network, images, classes));
        Fails(() => new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus }.Attribute(network, images, classes));
        Fails(() => new ProjectedGradientDescent { Steps = 1 }.Perturb(network, images, classes, new Generator(1, CPU)));

        static void Fails(Action action)
            => StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(action).Message, "What 'relu' puts out is changed in place");
    }

    [TestMethod]
    public void AGraphCutInTheNetworkIsAFindingAndAnErrorOfAttacks()
    {
        const string Cause = "do not depend on the image, though their values do: no gradient leads to it";
        using var scope = NewDisposeScope();
        Cut((conv, fc, x) => fc.call(conv.call(x.detach()).flatten(1)));
        Cut((conv, fc, x) => fc.call(conv.call(x).detach().flatten(1)));
        Cut((conv, fc, x) =>
        {
            using IDisposable unrecorded = no_grad();
            return fc.call(conv.call(x).flatten(1));
        });
        using var zero = new ImageNetwork(new Written((conv, fc, x) => fc.call(conv.call(x.detach() + (x * 0)).flatten(1))), TinyNetworks.Input(), 4);
        Assert.AreEqual(1, zero.Check(TinyNetworks.Batch(zero, 2).Images).GradientError, "along a random direction");
        using var partly = new ImageNetwork(new Written((conv, fc, x) => fc.call((conv.call(x) + (conv.call(x.detach()) * 2)).flatten(1))), TinyNetworks.Input(), 4);
        Assert.IsGreaterThan(0.5, partly.Check(TinyNetworks.Batch(partly, 2).Images).GradientError);

        void Cut(Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> forward)
        {
            using var network = new ImageNetwork(new Written(forward), TinyNetworks.Input(), 4);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
            NetworkCheck check = network.Check(images);
            Assert.IsFalse(check.IsUnderstood);
            StringAssert.Contains(check.ToString(), Cause);
            Assert.IsTrue(double.IsNaN(check.GradientError));
            var attack = new ProjectedGradientDescent { Steps = 1 };
            StringAssert.Contains(
                Assert.ThrowsExactly<InvalidOperationException>(() => attack.Perturb(network, images, classes, new Generator(1, CPU))).Message, Cause);
        }
    }

    [TestMethod]
    public void ImagesOfABatchThatAreMixedAreAFinding()
    {
        using var scope = NewDisposeScope();
        Assert.IsTrue(Finds((conv, fc, x) => fc.call(conv.call(x - x.mean([0], true)).flatten(1))));
        Assert.IsTrue(Finds((conv, fc, x) => fc.call(conv.call(x).flatten(1)) * x.std()));
        Assert.IsFalse(Finds((conv, fc, x) => fc.call(conv.call(x - x.mean([1, 2, 3], true)).flatten(1))));

        static bool Finds(Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> forward)
        {
            using var network = new ImageNetwork(new Written(forward), TinyNetworks.Input(), 4);
            return network.Check(TinyNetworks.Batch(network, 1).Images).Findings
                .Any(finding => finding.StartsWith("The logits of an image depend on the other images of its batch", StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void OneSeedGivesOneNetworkOfTheUsersModulesAndHisRandomStateDoesNotMove()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        double[] untouched = Values.Of(rand([4]));
        manual_seed(5);
        double[] one = Weights(11);
        double[] afterwards = Values.Of(rand([4]));
        CollectionAssert.AreEqual(untouched, afterwards, "the global generator");
        manual_seed(77);
        CollectionAssert.AreEqual(one, Weights(11), "equal seeds");
        CollectionAssert.AreNotEqual(one, Weights(12), "different seeds");

        static double[] Weights(ulong seed)
        {
            using var generator = new Generator(seed, CPU);
            using ImageNetwork network = ImageNetwork.Create(new UsersArchitecture(), TinyNetworks.Input(), 4, Activation.Softplus(3), generator);
            Assert.AreEqual(Activation.Softplus(3), network.Activation);
            return [.. network.Backbone.parameters().SelectMany(parameter => Values.Of(parameter))];
        }
    }

    [TestMethod]
    public void TensorsThatAModuleMakesForItselfLiveOn()
    {
        ImageNetwork network;
        using (NewDisposeScope())
        {
            using var generator = new Generator(1, CPU);
            network = ImageNetwork.Create(new ScaledArchitecture(), TinyNetworks.Input(), 4, null, generator);
        }

        using (network)
        using (NewDisposeScope())
        {
            CollectionAssert.AreEqual(new[] { "scale", "places" }, network.Backbone.named_parameters().Select(entry => entry.name).Concat(network.Backbone.named_buffers().Select(entry => entry.name)).Where(name => !name.StartsWith("fc", StringComparison.Ordinal)).ToArray());
            Assert.IsTrue(network.Logits(rand([2, 2, 8, 8])).isfinite().all().item<bool>());
        }
    }

    [TestMethod]
    public void FourThreadsExplainWhileAFifthScores() => Share(calls: 600);

    [TestMethod]
    [TestCategory("Long")]
    public void FourThreadsExplainWhileAFifthScoresTenThousandTimes() => Share(calls: 10_000);

    [TestMethod]
    [DataRow("googlenet", 64)]
    [DataRow("inception_v3", 96)]
    public void FunctionalPoolsAndHeadsThatEvaluationDoesNotUseAreNoFindings(string name, int size)
    {
        using var scope = NewDisposeScope();
        manual_seed(3); // for TorchVision
        nn.Module<Tensor, Tensor> module = name == "googlenet"
            ? torchvision.models.googlenet(num_classes: 4)
            : torchvision.models.inception_v3(num_classes: 4);
        using ImageNetwork network = TinyNetworks.Trained(new ImageNetwork(module, TinyNetworks.Input(3, size), 4), 5);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 1);
        NetworkCheck check = network.Check(images);
        Assert.IsTrue(check.IsUnderstood, check.ToString());
        Assert.IsGreaterThan(0, new GuidedBackpropagation().Attribute(network, images, classes).abs().max().ToDouble());
    }

    private static void Share(int calls)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = AttributionTable.Network("sequential", Activation.Relu, ScalarType.Float32);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        IAttributionMethod[] methods =
        [
            new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonGammaBox },
            new GuidedBackpropagation(), new GradCam { Layer = "conv2" }, new IntegratedGradients { Steps = 2 },
        ];
        using IDisposable inspection = network.ForInspection();
        double[][] serial = [.. methods.Select(method => Values.Of(method.Attribute(network, images, classes))), Values.Of(network.Logits(images))];
        var wrong = new int[5];
        var threads = Enumerable.Range(0, 5).Select(i => new Thread(() =>
        {
            for (int call = 0; call < calls / 5; call++)
            {
                using var inner = NewDisposeScope();
                using IDisposable? switched = i == 3 && call % 7 == 0 ? network.WithActivation(Activation.Softplus(5)) : null;
                double[] found = Values.Of(i == 4 ? network.Logits(images) : methods[i].Attribute(network, images, classes));
                wrong[i] += switched is null != found.SequenceEqual(serial[i]) ? 1 : 0;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        CollectionAssert.AreEqual(new int[5], wrong);
    }

    private static (ImageNetwork Theirs, ImageNetwork Ours) ResNets(Activation activation)
    {
        manual_seed(3); // for TorchVision
        var theirs = new ImageNetwork(NarrowNetworks.Narrow(torchvision.models.resnet18(num_classes: 4)), TinyNetworks.Input(3, 16), 4)
        {
            FeatureLayer = "layer4", PooledHead = "fc",
        };
        TinyNetworks.Trained(theirs, 9);
        ImageNetwork ours = TinyNetworks.Create(new ResNetArchitecture { Width = 64 / NarrowNetworks.Divisor }, channels: 3, size: 16, type: ScalarType.Float32);
        using var weights = new MemoryStream();
        theirs.SaveWeights(weights);
        weights.Position = 0;
        ours.LoadWeights(weights);
        foreach (ImageNetwork network in new[] { theirs, ours })
        {
            network.MoveTo(CPU, ScalarType.Float64);
            network.SetActivation(activation);
            network.Backbone.eval();
        }

        return (theirs, ours);
    }

    /// <summary>A network whose forward pass is written by hand.</summary>
    private sealed class Written : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(2, 3, 3, padding: 1), fc = nn.Linear(192, 4);
        private readonly Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> written;

        public Written(Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> written)
            : base(nameof(Written))
        {
            this.written = written;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => written(conv, fc, input);
    }

    private sealed class Holding : nn.Module<Tensor, Tensor>
    {
        private readonly Written written;

        public Holding(nn.Module<Tensor, Tensor> relu, Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> forward)
            : base(nameof(Holding))
        {
            written = new Written(forward);
            register_module("written", written);
            register_module("relu", relu);
        }

        public override Tensor forward(Tensor input) => written.call(input);
    }

    private sealed record ScaledArchitecture : NetworkArchitecture
    {
        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator) => new Scaled(input.ValueCount, classCount);
    }

    /// <summary>A module with a parameter and a buffer that no module of torch.nn made.</summary>
    private sealed class Scaled : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Parameter scale;
        private readonly Tensor places;
        private readonly nn.Module<Tensor, Tensor> fc;

        public Scaled(int inputs, int classCount)
            : base(nameof(Scaled))
        {
            (scale, fc, places) = (nn.Parameter(ones([1])), nn.Linear(inputs, classCount), arange(inputs));
            register_buffer(nameof(places), places);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fc.call(input.flatten(1).index_select(1, places) * scale);
    }

    private sealed record UsersArchitecture : NetworkArchitecture
    {
        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(
                nn.Conv2d(input.Channels, 3, 3), nn.ReLU(), nn.Flatten(),
                nn.Linear(3 * (input.Height - 2) * (input.Width - 2), classCount));
    }
}
