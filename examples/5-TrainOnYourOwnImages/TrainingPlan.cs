using RobustAttribution.Augmentations;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.Examples.TrainOnYourOwnImages;

/// <summary>How a network is trained.</summary>
internal sealed record TrainingPlan(int Epochs, int BatchSize, int Size, int Channels, string Network, int Seed)
{
    /// <summary>Ordinary training.</summary>
    public const string Plain = "plain";

    private static readonly Dictionary<string, ITrainingObjective> All = new()
    {
        ["aga"] = new LocalGradientAlignment(),
        ["art"] = new SpatialAlignment(),
        ["pgd"] = new AdversarialCrossEntropy(),
        [Plain] = new CrossEntropy(),
    };

    public static IReadOnlyCollection<string> Objectives => All.Keys;

    public RobustAttributionImageClassificationTrainer.Options Options(string objective, OwnImages images, Action<TrainingProgress> report, CancellationToken cancellation) => new()
    {
        Input = new InputSpecification(Channels, Size, Size),
        Network = Network == "small" ? NetworkArchitecture.SmallConvNet : NetworkArchitecture.ResNet18,
        Objective = All[objective],
        Epochs = Epochs,
        BatchSize = BatchSize,
        LearningRate = 2e-3,
        Augmentation = new Compose([new RandomCrop(), new HorizontalFlip()]),
        ValidationSet = images.Validation,
        Seed = Seed,
        MetricsCallback = report,
        CancellationToken = cancellation,
        OnCancellation = CancellationBehavior.KeepBest,
    };
}
