using RobustAttribution.Augmentations;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Augmentations;

[TestClass]
public sealed class AugmentationTests
{
    /// <summary>An augmentation and its definition.</summary>
    public sealed record Row(RandomAugmentation Augmentation, Func<double[,,], double[], double[,,]> Reference)
    {
        public override string ToString() => Augmentation.ToString();
    }

    private static readonly Row[] Table =
    [
        new(new HorizontalFlip(), (x, draws) => AugmentationReferences.Flip(x, draws, 0.5)),
        new(new HorizontalFlip { Probability = 1 }, (x, draws) => AugmentationReferences.Flip(x, draws, 1)),
        new(new RandomCrop(), (x, draws) => AugmentationReferences.Crop(x, draws, 4)),
        new(new RandomCrop { Padding = 0 }, (x, draws) => x),
        new(new ColorJitter(), (x, draws) => AugmentationReferences.Jitter(x, draws, 0.25, 0.25, 0.25)),
        new(new ColorJitter { Brightness = 1, Contrast = 0.9, Saturation = 0.8 },
            (x, draws) => AugmentationReferences.Jitter(x, draws, 1, 0.9, 0.8)),
        new(new RandomRotation(), (x, draws) => AugmentationReferences.Rotate(x, draws, 2)),
        new(new RandomRotation { Degrees = 170 }, (x, draws) => AugmentationReferences.Rotate(x, draws, 170)),
        new(new RandomResizedCrop(), (x, draws) => AugmentationReferences.ResizedCrop(x, draws, x.GetLength(1), x.GetLength(2), 0.08, 1, 4.0 / 3)),
        new(new RandomResizedCrop { Height = 5, Width = 9, MinimumArea = 0.9, MaximumAspect = 1.1 },
            (x, draws) => AugmentationReferences.ResizedCrop(x, draws, 5, 9, 0.9, 1, 1.1)),
    ];

    private static IEnumerable<object[]> Cases => Table.Select(row => new object[] { row });

    [TestMethod]
    public void EveryAugmentationIsInTheTable()
        => CollectionAssert.AreEquivalent(
            ComponentJson.TypesOf(typeof(Augmentation)).ToArray(), Table.Select(row => row.Augmentation.GetType()).Distinct().Append(typeof(Compose))
                .ToArray());

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void FollowsItsDefinitionPixelByPixel(Row row)
    {
        using IDisposable scope = NewDisposeScope();
        foreach ((long channels, long height, long width) in new[] { (3L, 8L, 8L), (1L, 7L, 10L), (2L, 4L, 12L) })
        {
            foreach (int seed in new[] { 1, 2, 3 })
            {
                using var generator = new Generator((ulong)seed);
                Tensor images = rand([9, channels, height, width], dtype: ScalarType.Float64, generator: generator);
                Tensor draws = rand([9, row.Augmentation.DrawCount], dtype: ScalarType.Float64, generator: generator);
                Tensor actual = row.Augmentation.Transform(images, draws);
                for (int i = 0; i < 9; i++)
                {
                    Values.AreClose(
                        Values.Flat(row.Reference(Values.Cube(images[i]), Values.Of(draws[i]))),
                        Values.Of(actual[i]),
                        1e-9,
                        $"{channels}×{height}×{width}, seed {seed}, image {i}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void DrawsOnceForTheBatchAndChangesNothingElse(Row row)
    {
        using IDisposable scope = NewDisposeScope();
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            Tensor images = rand([6, 3, 8, 8], dtype: type);
            double[] before = Values.Of(images);
            using var generator = new Generator(5);
            using var twin = new Generator(5);
            long live = Tensor.TotalCount;
            Tensor actual = row.Augmentation.Apply(images, generator);
            Assert.AreEqual(live + 1, Tensor.TotalCount, "live tensors");
            Tensor draws = rand([6, row.Augmentation.DrawCount], dtype: type, generator: twin);
            CollectionAssert.AreEqual(Values.Of(row.Augmentation.Transform(images, draws)), Values.Of(actual));
            CollectionAssert.AreEqual(Values.Of(generator.get_state()), Values.Of(twin.get_state()), "one draw");
            CollectionAssert.AreEqual(before, Values.Of(images));
            Assert.AreEqual(type, actual.dtype);
            Assert.IsTrue(actual.min().to(ScalarType.Float64).item<double>() >= 0 && actual.max().to(ScalarType.Float64).item<double>() <= 1 + 1e-6);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void EachImageHasItsOwnNumbers(Row row)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(5);
        Tensor images = rand([1, 3, 8, 8], dtype: ScalarType.Float64, generator: generator).expand(16, 3, 8, 8);
        double[][] results = [.. Enumerable.Range(0, 16).Select(i => Values.Of(row.Augmentation.Apply(images, generator)[i]))];
        bool varies = row.Augmentation is not (HorizontalFlip { Probability: 1 } or RandomCrop { Padding: 0 });
        Assert.AreEqual(varies, results.Any(result => !result.SequenceEqual(results[0])));
    }

    [TestMethod]
    public void ThePresetsAreThePapers()
    {
        Assert.AreEqual(new Compose([new RandomCrop { Padding = 4 }, new HorizontalFlip { Probability = 0.5 }]), Augmentation.Cifar);
        Assert.AreEqual(
            new Compose(
            [
                new RandomCrop { Padding = 4 },
                new HorizontalFlip { Probability = 0.5 },
                new ColorJitter { Brightness = 0.25, Contrast = 0.25, Saturation = 0.25 },
                new RandomRotation { Degrees = 2 },
            ]),
            Augmentation.Art);
        Assert.AreEqual(
            new Compose(
            [
                new RandomResizedCrop { Height = 224, Width = 224, MinimumArea = 0.08, MaximumArea = 1, MaximumAspect = 4.0 / 3 },
                new HorizontalFlip(),
            ]),
            Augmentation.ImageNet);
        foreach ((Augmentation preset, long height, long width, long size) in new[]
        {
            (Augmentation.Cifar, 32L, 32L, 32L), (Augmentation.Art, 32L, 32L, 32L), (Augmentation.ImageNet, 230L, 250L, 224L),
        })
        {
            using IDisposable scope = NewDisposeScope();
            using var generator = new Generator(5);
            CollectionAssert.AreEqual(new[] { 2, 3, size, size }, preset.Apply(rand(2, 3, height, width, generator: generator), generator).shape);
        }
    }

    [TestMethod]
    public void ACompositionAppliesItsStepsInOrder()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor images = rand([4, 3, 8, 8], dtype: ScalarType.Float64);
        using var generator = new Generator(5);
        using var twin = new Generator(5);
        var compose = new Compose([new RandomCrop(), new ColorJitter()]);
        long live = Tensor.TotalCount;
        Tensor actual = compose.Apply(images, generator);
        Assert.AreEqual(live + 1, Tensor.TotalCount, "live tensors");
        CollectionAssert.AreEqual(Values.Of(new ColorJitter().Apply(new RandomCrop().Apply(images, twin), twin)), Values.Of(actual));
        CollectionAssert.AreEqual(Values.Of(images), Values.Of(new Compose([]).Apply(images, twin)));
    }

    [TestMethod]
    public void EveryAugmentationIsReadBackFromJson()
    {
        foreach (Augmentation augmentation in Table.Select(row => row.Augmentation))
        {
            Assert.AreEqual(augmentation, ComponentJson.Read<Augmentation>(ComponentJson.Write(augmentation)));
        }

        Augmentation compose = new Compose([new RandomCrop { Padding = 2 }, new Compose([new HorizontalFlip()])]);
        Assert.AreEqual(ComponentJson.Write(compose), ComponentJson.Write(ComponentJson.Read<Augmentation>(ComponentJson.Write(compose))));
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(5);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new HorizontalFlip { Probability = 1.1 }).Message, "Probability is 1.1");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomCrop { Padding = -1 }).Message, "Padding is -1");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ColorJitter { Contrast = 2 }).Message, "Contrast is 2");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomRotation { Degrees = 181 }).Message, "Degrees is 181");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomResizedCrop { MinimumArea = 0 }).Message, "MinimumArea is 0");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => new RandomResizedCrop { MinimumArea = 0.9, MaximumArea = 0.5 }.Apply(zeros(1, 1, 2, 2), generator)).Message,
            "MinimumArea is 0.9");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new RandomCrop().Apply(zeros(1, 2, 2), generator)).Message, "[1,2,2]");
    }

    [TestMethod]
    public void TrainingTakesImagesOfAnotherSizeIfTheAugmentationCutsThem()
    {
        using var network = TrainingProblems.Network(size: 6);
        var options = new TrainingOptions { Epochs = 1, BatchSize = 8, Augmentation = new RandomResizedCrop { Height = 6, Width = 6 } };
        TrainingResult result = new RobustTrainer(options).Fit(network, TrainingProblems.Images(16, size: 9));
        Assert.AreEqual(1, result.EpochsDone);
    }
}
