using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Recipes;

/// <summary>Every setting of the papers' tables, written out once more.</summary>
[TestClass]
public sealed class KnownRecipeTests
{
    [TestMethod]
    [DataRow("aga-cifar10-lenet", "Adam", 4e-5, 300, "100,150", 128, 4)]
    [DataRow("aga-cifar10-resnet18", "AdamW", 1e-2, 200, "100,150", 128, 2)]
    [DataRow("aga-imagenet100-resnet18", "AdamW", 1e-2, 90, "40,60,80", 128, 2)]
    [DataRow("hessian-cifar10-lenet", "Adam", 4e-5, 300, "100,150", 128, 4)]
    [DataRow("hessian-cifar10-resnet18", "AdamW", 1e-2, 200, "100,150", 128, 2)]
    [DataRow("hessian-imagenet100-resnet18", "AdamW", 1e-2, 90, "40,60,80", 64, 2)]
    public void TrainsAsJooEtAl(string name, string optimizer, double decay, int epochs, string milestones, int batch, double epsilon)
    {
        Recipe recipe = KnownRecipes.Find(name);
        RobustAttributionImageClassificationTrainer.Options options = recipe.Training;
        Assert.AreEqual(optimizer, options.Optimizer.GetType().Name);
        Assert.AreEqual(decay, options.Optimizer is AdamW decoupled ? decoupled.WeightDecay : ((Adam)options.Optimizer).WeightDecay);
        Assert.AreEqual(1e-3, options.LearningRate);
        Assert.AreEqual(epochs, options.Epochs);
        Assert.AreEqual(batch, options.BatchSize);
        Assert.AreEqual(0.5, options.GradientClipNorm);
        Assert.AreEqual(Activation.Softplus(3), options.Activation);
        foreach ((string milestone, int done) in milestones.Split(',').Select((milestone, i) => (milestone, i + 1)))
        {
            Assert.AreEqual(Math.Pow(0.1, done), options.Schedule.Factor(int.Parse(milestone), epochs), 1e-12, milestone);
            Assert.AreEqual(Math.Pow(0.1, done - 1), options.Schedule.Factor(int.Parse(milestone) - 0.01, epochs), 1e-12, milestone);
        }

        RecipeEvaluation evaluation = recipe.Evaluation;
        CollectionAssert.AreEqual(new[] { 4 / 255.0, 8 / 255.0, 16 / 255.0 }, evaluation.RandomPerturbationRadii.ToArray());
        Assert.AreEqual(10, evaluation.RandomPerturbationDraws);
        var attack = (TargetMapAttack)evaluation.ExplanationAttacks.Single().Attack;
        Assert.AreEqual(new LinfBall(epsilon / 255), attack.ThreatModel);
        Assert.AreEqual((100, 0.5, new AdamStep(), new FrameTarget { Border = 5.0 / 32 }), (attack.Steps, attack.Gamma, attack.Step, attack.Target));
        Assert.AreEqual(new MapReduction(MapSign.Absolute, MapScale.Max), evaluation.ExplanationAttacks[0].Reduction);
        CollectionAssert.AreEqual(
            new[] { "MeanSquaredError", "PearsonCorrelation", "StructuralSimilarity", "CosineSimilarity" }, evaluation.ExplanationAttacks[0].Similarities.Select(entry => entry.ColumnName).ToArray());
        Assert.AreEqual(20, evaluation.PixelCurves!.Steps);
        Assert.AreEqual(attack, evaluation.PixelCurves.Attack);
    }

    [TestMethod]
    [DataRow("aga-cifar10-lenet", 0.01, 1.0)]
    [DataRow("aga-cifar10-resnet18", 0.01, 0.1)]
    [DataRow("aga-imagenet100-resnet18", 1.0, 0.01)]
    public void AlignsGradientsAsJooEtAl(string name, double l2, double cosine)
        => Assert.AreEqual(new LocalGradientAlignment { Epsilon = 4.0 / 255, L2Weight = l2, CosineWeight = cosine, Perturbation = LocalPerturbation.Uniform }, KnownRecipes.Find(name).Training.Objective);

    [TestMethod]
    [DataRow("hessian-cifar10-lenet", 1e-3)]
    [DataRow("hessian-cifar10-resnet18", 1e-4)]
    [DataRow("hessian-imagenet100-resnet18", 1e-3)]
    public void PenalisesTheHessianAsJooEtAl(string name, double weight) => Assert.AreEqual(new HessianNormPenalty { Weight = weight }, KnownRecipes.Find(name).Training.Objective);

    [TestMethod]
    [DataRow("art-cifar10-wrn28x10", "CIFAR-10")]
    [DataRow("art-svhn-wrn28x10", "SVHN")]
    [DataRow("art-gtsrb-wrn28x10", "GTSRB")]
    public void TrainsWideResNetsAsSinghEtAl(string name, string data)
    {
        Recipe recipe = KnownRecipes.Find(name);
        Assert.AreEqual(data, recipe.Data.Name);
        Assert.AreEqual(new WideResNetArchitecture { Depth = 28, WidthFactor = 10 }, recipe.Training.Network);
        RobustAttributionImageClassificationTrainer.Options training = recipe.Training;
        Assert.AreEqual(new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 2e-4 }, training.Optimizer);
        Assert.AreEqual((0.1, 101, 234), (training.LearningRate, training.Epochs, training.BatchSize));
        CollectionAssert.AreEqual(new[] { 1, 1, 0.1, 0.1, 0.01 }, new[] { 0, 49.9, 50, 79.9, 80 }.Select(epoch => training.Schedule.Factor(epoch, 101)).ToArray());
        Assert.AreEqual(Augmentation.Art, training.Augmentation);
        var objective = (SpatialAlignment)training.Objective;
        Assert.AreEqual((0.5, Activation.Softplus(50), Activation.Relu), (objective.Weight, objective.AttributionActivation, training.Activation));
        AlignmentAttack inner = objective.Attack;
        Assert.AreEqual((new LinfBall(8.0 / 255), 3, new SteepestStep(5.0 / 255), true, false), (inner.ThreatModel, inner.Steps, inner.Step, inner.RandomStart, inner.ChannelMean));
        Assert.AreEqual(1000, Math.Round(inner.TopShare * 3072));

        AttributionRobustnessOptions protocol = recipe.Evaluation.ExplanationAttacks.Single();
        var attack = (TopKAttack)protocol.Attack;
        Assert.AreEqual((new LinfBall(8.0 / 255), 50, new SteepestStep(1.0 / 255), 100), (attack.ThreatModel, attack.Steps, attack.Step, attack.K));
        Assert.AreEqual(new IntegratedGradients { Steps = 100 }, attack.Attribution);
        Assert.AreEqual(new IntegratedGradients { Steps = 100 }, protocol.Method);
        Assert.AreEqual("KendallTau", attack.Judge!.GetType().Name);
        Assert.IsTrue(protocol.CorrectlyClassifiedOnly);
        Assert.AreEqual((40, new SteepestStep(2.0 / 255)), (recipe.Evaluation.PredictionAttack!.Steps, recipe.Evaluation.PredictionAttack.Step));
    }

    [TestMethod]
    public void TrainsOnBirdsAsSinghEtAl()
    {
        Recipe recipe = KnownRecipes.ArtCub200ResNet50;
        Assert.AreEqual(new ResNetArchitecture { Depth = 50, LastStageStride = 1 }, recipe.Training.Network);
        Assert.AreEqual((224, 224), (recipe.Training.Input!.Height, recipe.Training.Input!.Width));
        RobustAttributionImageClassificationTrainer.Options training = recipe.Training;
        Assert.AreEqual(new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 1e-4 }, training.Optimizer);
        Assert.AreEqual((0.01, 10, 200, 12), (training.LearningRate, training.HeadLearningRateFactor, training.Epochs, training.BatchSize));
        for (int epoch = 0; epoch < 200; epoch += 20)
        {
            Assert.AreEqual(Math.Pow(0.1, epoch / 40), training.Schedule.Factor(epoch, 200), 1e-12);
        }

        AlignmentAttack inner = ((SpatialAlignment)training.Objective).Attack;
        Assert.AreEqual((new LinfBall(2.0 / 255), 3, new SteepestStep(1.5 / 255), true), (inner.ThreatModel, inner.Steps, inner.Step, inner.ChannelMean));
        Assert.AreEqual(15_000, Math.Round(inner.TopShare * 224 * 224));
        CollectionAssert.AreEqual(new[] { 0.2, 0.1 }, recipe.Evaluation.Localization.Select(protocol => protocol.Threshold).ToArray());
        Assert.IsTrue(recipe.NeedsPretrainedWeights);
    }

    [TestMethod]
    public void NormalisationIsTheSetsOwn()
    {
        foreach (Recipe recipe in KnownRecipes.All)
        {
            CollectionAssert.AreEqual(recipe.Data.Mean.ToArray(), recipe.Training.Input!.Mean.ToArray(), recipe.Name);
            CollectionAssert.AreEqual(recipe.Data.StandardDeviation.ToArray(), recipe.Training.Input!.StandardDeviation.ToArray(), recipe.Name);
        }

        CollectionAssert.AreEqual(new[] { 0.4914, 0.4822, 0.4465 }, KnownRecipes.AgaCifar10LeNet.Training.Input!.Mean.ToArray());
        CollectionAssert.AreEqual(new[] { 0.229, 0.224, 0.225 }, KnownRecipes.AgaImageNet100ResNet18.Training.Input!.StandardDeviation.ToArray());
    }

    [TestMethod]
    public void NamesAreUniqueAndUnknownOnesAreRefused()
    {
        Assert.HasCount(10, KnownRecipes.All.Select(recipe => recipe.Name).Distinct());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => KnownRecipes.Find("aga")).Message, "The recipe is 'aga'; allowed are aga-cifar10-lenet, ");
    }
}
