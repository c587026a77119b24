using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Recipes;

/// <summary>Every recipe from files in the true format, two steps of training, every attack and every measurement.</summary>
[TestClass]
public sealed class RecipeRunTests
{
    private readonly DataFolder folder = new();

    private static IEnumerable<object[]> Names => KnownRecipes.All.Select(recipe => new object[] { recipe.Name });

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void RunsDryWithANarrowNetwork(string name) => RunsDry(Narrow(KnownRecipes.Find(name)));

    /// <summary>The networks as they are; the largest take a minute each on one core.</summary>
    [TestMethod]
    [TestCategory("Long")]
    [DynamicData(nameof(Names))]
    public void RunsDryAsItIs(string name) => RunsDry(KnownRecipes.Find(name));

    [TestMethod]
    public void PretrainedWeightsComeInUnderANewHead()
    {
        Recipe recipe = Narrow(KnownRecipes.ArtCub200ResNet50);
        TinyDataSets.Write(folder, recipe.Data);
        using var generator = new Generator(3, CPU);
        using ImageNetwork pretrained = ImageNetwork.Create(recipe.Training.Network, recipe.Training.Input!, 7, Activation.Relu, generator);
        string path = folder.Of("pretrained.safetensors");
        using (FileStream file = File.Create(path))
        {
            pretrained.SaveWeights(file);
        }

        recipe = recipe with { Training = recipe.Training with { Optimizer = new Sgd { Momentum = 0 }, LearningRate = 1e-9, HeadLearningRateFactor = 1e8 } };
        using RecipeReport report = recipe.Run(new MLContext(1), folder.Path, new RecipeRunOptions { DryRun = true, InitialWeightsPath = path, Seed = 1 });
        using RecipeReport fresh = (recipe with { Training = recipe.Training with { HeadLearningRateFactor = 1 } }).Run(
            new MLContext(1), folder.Path, new RecipeRunOptions { DryRun = true, InitialWeightsPath = path, Seed = 1 });
        using IDisposable scope = NewDisposeScope();
        Dictionary<string, Tensor> expected = pretrained.Backbone.named_parameters().ToDictionary(pair => pair.name, pair => (Tensor)pair.parameter);
        foreach ((string parameter, var value) in report.Model.Network.Backbone.named_parameters())
        {
            if (parameter.StartsWith("fc.", StringComparison.Ordinal))
            {
                Assert.AreEqual(2, value.shape[0], "a head for the two species");
                Tensor slow = fresh.Model.Network.Backbone.named_parameters().Single(pair => pair.name == parameter).parameter;
                Assert.IsGreaterThan(1e-4, (value - slow).abs().max().to(ScalarType.Float64).item<double>(), "the head learns faster");
            }
            else
            {
                Assert.IsTrue(value.allclose(expected[parameter], 1e-4, 1e-5), parameter);
            }
        }

        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => recipe.Run(new MLContext(1), folder.Path)).Message, "art-cub200-resnet50 starts from pretrained weights, and InitialWeightsPath is null");
    }

    [TestMethod]
    public void TheAttackOnThePredictionMayHaveAnyThreatModel()
    {
        Recipe recipe = Narrow(KnownRecipes.ArtCifar10WideResNet);
        TinyDataSets.Write(folder, recipe.Data);
        recipe = recipe with
        {
            Evaluation = new RecipeEvaluation { PredictionAttack = new ProjectedGradientDescent { ThreatModel = new L2Ball(0.5), RandomStart = true } },
        };
        using RecipeReport report = recipe.Run(new MLContext(1), folder.Path, new RecipeRunOptions { DryRun = true });
        Assert.HasCount(2, report.Numbers);
        Assert.IsTrue(report["accuracy under ProjectedGradientDescent"] is 0 or 0.5 or 1, report.ToString());
        Assert.IsLessThanOrEqualTo(report["accuracy"], report["accuracy under ProjectedGradientDescent"]);
    }

    [TestMethod]
    public void MissingFilesAreFoundBeforeTheTraining()
    {
        Recipe recipe = KnownRecipes.AgaCifar10LeNet;
        TinyDataSets.Write(folder, recipe.Data);
        File.Delete(folder.Of("cifar-10-batches-bin/test_batch.bin"));
        var options = new RecipeRunOptions { Progress = _ => Assert.Fail("trained") };
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => recipe.Run(new MLContext(1), folder.Path, options)).Message, "test_batch.bin");
    }

    private static Recipe Narrow(Recipe recipe) => recipe with
    {
        Training = recipe.Training with
        {
            Network = recipe.Training.Network switch
            {
                ResNetArchitecture residual => residual with { Width = 4 },
                WideResNetArchitecture => new WideResNetArchitecture { Depth = 10, WidthFactor = 1 },
                LeNetArchitecture => new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
                var other => throw new ArgumentException($"No narrow version of {other}."),
            },
        },
    };

    private void RunsDry(Recipe recipe)
    {
        TinyDataSets.Write(folder, recipe.Data);
        List<TrainingProgress> progress = [];
        using RecipeReport report = recipe.Run(new MLContext(1), folder.Path, new RecipeRunOptions { DryRun = true, Progress = progress.Add });
        EpochProgress epoch = progress.OfType<EpochProgress>().Single();
        Assert.AreEqual(2, progress.OfType<BatchProgress>().Select(step => step.StepsPerEpoch).DefaultIfEmpty(2).Last(), "steps");
        Assert.IsTrue(epoch.LossTerms.Count == (recipe.Training.Objective is Objectives.LocalGradientAlignment ? 3 : 2) && epoch.LossTerms.Values.All(double.IsFinite), string.Join(", ", epoch.LossTerms));
        string numbers = report.ToString();
        Assert.IsTrue(report["accuracy"] is >= 0 and <= 1, numbers);
        bool localises = recipe.Evaluation.Localization.Count > 0;
        if (localises)
        {
            Assert.HasCount(9, report.Numbers, numbers);
            Assert.IsTrue(report.Numbers.All(number => number.Value is >= 0 and <= 1), numbers);
        }
        else if (recipe.Evaluation.PixelCurves is not null)
        {
            Assert.HasCount(1 + 12 + 8 + 3, report.Numbers, numbers);
            Assert.IsTrue(report["random perturbation 4/255: CosineSimilarity"] is > 0.2 and <= 1.001, numbers);
            Assert.IsTrue(report["TargetMapAttack: PearsonCorrelation"] is > -1.001 and <= 1.001, numbers);
            Assert.IsTrue(report["Insertion area"] is > 0 and < 1 && report["AdversarialInsertion area"] is > 0 and < 1, numbers);
            Assert.AreEqual(2, report["TargetMapAttack: images compared"], numbers);
        }
        else
        {
            Assert.HasCount(1 + 1 + 3 + 3, report.Numbers, numbers);
            Assert.IsTrue(report["accuracy under ProjectedGradientDescent"] is >= 0 and <= 1, numbers);
            Assert.AreEqual(2, report["TopKAttack: images compared"] + report["TopKAttack: images without a valid attacked copy"], numbers);
        }

        StringAssert.Contains(report.ToJson(), $"\"recipe\": \"{recipe.Name}\"");
        Assert.ThrowsExactly<KeyNotFoundException>(() => report["speed"]);
    }
}
