using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

public static partial class KnownRecipes
{
    private const string Aga =
        "Joo, Chang, Moon: Towards More Robust Interpretation via Local Gradient Alignment, AAAI 2023; training and evaluation scripts";

    /// <summary>
    /// AGA on CIFAR-10, LeNet: Adam 1e-3 with decay 4e-5, 300 epochs, ×0.1 at 100 and 150, w_l2 0.01, w_cos 1. Evaluated at ε 4/255.
    /// </summary>
    public static Recipe AgaCifar10LeNet { get; } = new()
    {
        Name = "aga-cifar10-lenet",
        Source = Aga,
        Data = KnownDatasets.Cifar10,
        Open = Cifar10,
        Training = new()
        {
            Network = NetworkArchitecture.LeNet,
            Activation = Activation.Softplus(3),
            Input = InputOf(KnownDatasets.Cifar10, 32),
            Objective = new LocalGradientAlignment { L2Weight = 0.01, CosineWeight = 1.0 },
            Optimizer = new Adam { WeightDecay = 4e-5 },
            LearningRate = 1e-3,
            Schedule = new MultiStepSchedule([100, 150]),
            Epochs = 300,
            BatchSize = 128,
            GradientClipNorm = 0.5,
            Augmentation = Augmentation.Cifar,
        },
        Evaluation = AgaEvaluation(4.0 / 255),
    };

    /// <summary>
    /// AGA on CIFAR-10, ResNet-18: AdamW 1e-3 with decay 1e-2, 200 epochs, ×0.1 at 100 and 150, w_l2 0.01, w_cos 0.1. Evaluated at ε 2/255.
    /// </summary>
    public static Recipe AgaCifar10ResNet18 { get; } = AgaCifar10LeNet with
    {
        Name = "aga-cifar10-resnet18",
        Training = AgaCifar10LeNet.Training with
        {
            Network = NetworkArchitecture.ResNet18ForSmallImages,
            Objective = new LocalGradientAlignment { L2Weight = 0.01, CosineWeight = 0.1 },
            Optimizer = new AdamW { WeightDecay = 1e-2 },
            Epochs = 200,
        },
        Evaluation = AgaEvaluation(2.0 / 255),
    };

    /// <summary>
    /// AGA on ImageNet-100, ResNet-18 at 224×224: AdamW 1e-3 with decay 1e-2, 90 epochs, ×0.1 at 40, 60 and 80, w_l2 1, w_cos 0.01. Evaluated at
    /// ε 2/255.
    /// </summary>
    public static Recipe AgaImageNet100ResNet18 { get; } = new()
    {
        Name = "aga-imagenet100-resnet18",
        Source = Aga,
        Data = KnownDatasets.ImageNet100,
        Open = ImageNet100,
        Training = new()
        {
            Network = NetworkArchitecture.ResNet18,
            Activation = Activation.Softplus(3),
            Input = InputOf(KnownDatasets.ImageNet100, 224),
            TrainingSize = (256, 256),
            Resize = ResizePolicy.CenterCrop,
            Objective = new LocalGradientAlignment { L2Weight = 1.0, CosineWeight = 0.01 },
            Optimizer = new AdamW { WeightDecay = 1e-2 },
            LearningRate = 1e-3,
            Schedule = new MultiStepSchedule([40, 60, 80]),
            Epochs = 90,
            BatchSize = 128,
            GradientClipNorm = 0.5,
            Augmentation = Augmentation.ImageNet,
        },
        Evaluation = AgaEvaluation(2.0 / 255),
    };

    /// <summary>The Hessian baseline of <see cref="AgaCifar10LeNet"/>: weight 1e-3.</summary>
    public static Recipe HessianCifar10LeNet { get; } = Hessian(AgaCifar10LeNet, 1e-3, 128);

    /// <summary>The Hessian baseline of <see cref="AgaCifar10ResNet18"/>: weight 1e-4.</summary>
    public static Recipe HessianCifar10ResNet18 { get; } = Hessian(AgaCifar10ResNet18, 1e-4, 128);

    /// <summary>The Hessian baseline of <see cref="AgaImageNet100ResNet18"/>: weight 1e-3, batch 64.</summary>
    public static Recipe HessianImageNet100ResNet18 { get; } = Hessian(AgaImageNet100ResNet18, 1e-3, 64);

    private static Recipe Hessian(Recipe aga, double weight, int batchSize) => aga with
    {
        Name = aga.Name.Replace("aga-", "hessian-", StringComparison.Ordinal),
        Training = aga.Training with { Objective = new HessianNormPenalty { Weight = weight }, BatchSize = batchSize },
    };

    /// <summary>Random perturbation at 4, 8 and 16 of 255; target-map attack; insertion, also with the attacked map.</summary>
    private static RecipeEvaluation AgaEvaluation(double epsilon)
    {
        AttributionRobustnessOptions targetMap = AttributionRobustnessOptions.Of(EvaluationProtocol.Aga) with
        {
            Attack = EvaluationProtocol.Aga.Attack.WithThreatModel(new LinfBall(epsilon)),
        };
        return new RecipeEvaluation
        {
            RandomPerturbationRadii = [4.0 / 255, 8.0 / 255, 16.0 / 255],
            RandomPerturbationDraws = 10,
            RandomPerturbationSimilarities = targetMap.Similarities,
            ExplanationAttacks = [targetMap],
            PixelCurves = new PixelCurveOptions { Reduction = targetMap.Reduction, Steps = 20, Attack = targetMap.Attack },
        };
    }

    private static IDataView Cifar10(DataOperationsCatalog data, string folder, DatasetSplit split)
        => data.LoadCifar10(folder, split, new DatasetOptions { LabelsAsKey = true });

    /// <summary>The folders train and val; a file classes.txt beside them chooses and orders the classes.</summary>
    private static IDataView ImageNet100(DataOperationsCatalog data, string folder, DatasetSplit split)
    {
        string list = Path.Combine(folder, "classes.txt");
        var options = new DatasetOptions { LabelsAsKey = true };
        return data.LoadImageFolders(Path.Combine(folder, split == DatasetSplit.Test ? "val" : "train"), File.Exists(list) ? list : null, options);
    }

    private static InputSpecification InputOf(DatasetInfo dataset, int side)
        => new(dataset.Channels, side, side) { Mean = dataset.Mean, StandardDeviation = dataset.StandardDeviation };
}
