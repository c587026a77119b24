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
    private const string Art =
        "Singh et al.: Attributional Robustness Training using Input-Gradient Spatial Alignment, ECCV 2020; training and evaluation scripts";
    private const int AboutThousandCorrect = 1_100; // so that about 1,000 are correctly classified

    /// <summary>
    /// ART on CIFAR-10, WideResNet-28-10: SGD Nesterov 0.1 with decay 2e-4, 101 epochs, ×0.1 at 50, ×0.01 at 80, batch 234; ε 8/255, 3 steps of
    /// 5/255, k 1000 of 3072, weight 0.5, β 50.
    /// </summary>
    public static Recipe ArtCifar10WideResNet { get; } = new()
    {
        Name = "art-cifar10-wrn28x10",
        Source = Art,
        Data = KnownDatasets.Cifar10,
        Open = Cifar10,
        Training = new()
        {
            Network = NetworkArchitecture.WideResNet28x10,
            Activation = Activation.Relu,
            Input = InputOf(KnownDatasets.Cifar10, 32),
            Objective = new SpatialAlignment
            {
                Attack = new AlignmentAttack
                {
                    ThreatModel = new LinfBall(8.0 / 255),
                    Steps = 3,
                    Step = new SteepestStep(5.0 / 255),
                    TopShare = 1000.0 / 3072,
                    Surrogate = Activation.Softplus(50),
                },
                Weight = 0.5,
                AttributionActivation = Activation.Softplus(50),
            },
            Optimizer = new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 2e-4 },
            LearningRate = 0.1,
            Schedule = new StepFactorSchedule([new RateStep(50, 0.1), new RateStep(80, 0.01)]),
            Epochs = 101,
            BatchSize = 234,
            Augmentation = Augmentation.Art,
        },
        Evaluation = ArtEvaluation(),
    };

    /// <summary>ART on SVHN's cropped digits, with the settings of <see cref="ArtCifar10WideResNet"/>.</summary>
    public static Recipe ArtSvhnWideResNet { get; } = ArtCifar10WideResNet with
    {
        Name = "art-svhn-wrn28x10",
        Data = KnownDatasets.Svhn,
        Open = (data, folder, split) => data.LoadSvhn(folder, split, new DatasetOptions { LabelsAsKey = true }),
        Training = ArtCifar10WideResNet.Training with { Input = InputOf(KnownDatasets.Svhn, 32) },
    };

    /// <summary>ART on GTSRB at 32×32, the signs with their borders, with the settings of <see cref="ArtCifar10WideResNet"/>.</summary>
    public static Recipe ArtGtsrbWideResNet { get; } = ArtCifar10WideResNet with
    {
        Name = "art-gtsrb-wrn28x10",
        Data = KnownDatasets.Gtsrb,
        Open = (data, folder, split) => data.LoadGtsrb(folder, split, options: new DatasetOptions { LabelsAsKey = true }),
        Training = ArtCifar10WideResNet.Training with { Input = InputOf(KnownDatasets.Gtsrb, 32), Resize = ResizePolicy.Fill },
    };

    /// <summary>
    /// ART on CUB-200-2011 for localisation, pretrained ResNet-50 with 14×14 maps at 224×224: SGD Nesterov 0.01 (head ×10) with decay 1e-4, 200
    /// epochs, ×0.1 every 40, batch 12; ε 2/255, 3 steps of 1.5/255, 15,000 of the 50,176 positions of the channel-mean map, weight 0.5, β 50.
    /// </summary>
    /// <remarks>Images are stretched to 224×224 (not published).</remarks>
    public static Recipe ArtCub200ResNet50 { get; } = new()
    {
        Name = "art-cub200-resnet50",
        Source = Art,
        Data = KnownDatasets.Cub200,
        Open = (data, folder, split) => data.LoadCub200(folder, split, new DatasetOptions { LabelsAsKey = true }),
        NeedsPretrainedWeights = true,
        Training = new()
        {
            Network = NetworkArchitecture.ResNet50ForLocalization,
            Activation = Activation.Relu,
            Input = InputOf(KnownDatasets.Cub200, 224),
            Resize = ResizePolicy.Fill,
            Objective = new SpatialAlignment
            {
                Attack = new AlignmentAttack
                {
                    ThreatModel = new LinfBall(2.0 / 255),
                    Steps = 3,
                    Step = new SteepestStep(1.5 / 255),
                    TopShare = 15_000.0 / (224 * 224),
                    ChannelMean = true,
                    Surrogate = Activation.Softplus(50),
                },
                Weight = 0.5,
                AttributionActivation = Activation.Softplus(50),
            },
            Optimizer = new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 1e-4 },
            LearningRate = 0.01,
            HeadLearningRateFactor = 10,
            Schedule = new MultiStepSchedule([40, 80, 120, 160]),
            Epochs = 200,
            BatchSize = 12,
            Augmentation = Augmentation.Art,
        },
        Evaluation = new RecipeEvaluation
        {
            Localization =
            [
                new LocalizationProtocol("gradient", new InputGradient(), new MapReduction(MapSign.Absolute), 0.2),
                new LocalizationProtocol("CAM", new ClassActivationMap(), new MapReduction(MapSign.Positive), 0.1),
            ],
        },
    };

    /// <summary>Top-k attack on integrated gradients of correctly classified images; PGD-40 accuracy.</summary>
    private static RecipeEvaluation ArtEvaluation()
    {
        return new RecipeEvaluation
        {
            Images = AboutThousandCorrect,
            PredictionAttack = new ProjectedGradientDescent
            {
                ThreatModel = new LinfBall(8.0 / 255), Steps = 40, Step = new SteepestStep(2.0 / 255),
            },
            ExplanationAttacks =
            [
                AttributionRobustnessOptions.Of(EvaluationProtocol.Art) with
                {
                    Attack = (TopKAttack)EvaluationProtocol.Art.Attack with { RandomStart = false },
                },
            ],
        };
    }
}
