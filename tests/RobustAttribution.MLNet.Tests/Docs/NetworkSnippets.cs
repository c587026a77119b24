using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to about networks and weights.</summary>
internal static class NetworkSnippets
{
    #region Architecture
    public sealed record TinyNet : NetworkArchitecture
    {
        public int Channels { get; init; } = 16;

        public override string FeatureLayer => "relu1"; // what Grad-CAM looks at

        public override string PooledHead => "head"; // what class activation maps take their weights from

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(
                ("conv1", nn.Conv2d(input.Channels, Channels, 3, padding: 1)),
                ("norm1", nn.BatchNorm2d(Channels)),
                ("relu1", nn.ReLU()),
                ("pool", nn.AdaptiveAvgPool2d(1)),
                ("flatten", nn.Flatten()),
                ("head", nn.Linear(Channels, classCount)));
    }
    #endregion

    #region Old
    public sealed class OldNet : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv1 = nn.Conv2d(1, 8, 3, padding: 1), conv2 = nn.Conv2d(8, 8, 3, padding: 1), relu = nn.ReLU(inplace: true),
            pool = nn.MaxPool2d(4), flatten = nn.Flatten(), fc = nn.Linear(8 * 7 * 7, 10);

        public OldNet()
            : base("OldNet") => RegisterComponents();

        public override Tensor forward(Tensor x)
        {
            Tensor first = relu.call(conv1.call(x));
            return fc.call(flatten.call(pool.call(relu.call(conv2.call(first) + first))));
        }
    }
    #endregion

    public static ITransformer Train(MLContext mlContext, IDataView train, int epochs)
    {
        #region Register
        ComponentJson.Register<TinyNet>(); // once, also in a program that only loads the model

        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new() { Network = new TinyNet { Channels = 32 }, Epochs = epochs }));
        #endregion
        return pipeline.Fit(train);
    }

    public static (long[] Relevance, long[] Attacked) Wrap(nn.Module<Tensor, Tensor> module, Tensor images, Tensor classes)
    {
        #region Wrap
        using var network = new ImageNetwork(module, new InputSpecification(1, 28, 28), classCount: 10);
        using IDisposable inspection = network.ForInspection(); // parameters frozen, which saves time
        using Tensor relevance = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus }.Attribute(network, images, classes);
        using Tensor cam = new GradCam { Layer = "conv2" }.Attribute(network, images, classes);
        using AttackResult attack = new TopKAttack { Steps = 5 }.Perturb(network, images, classes, new Generator(1)); // through softplus
        #endregion
        return (relevance.shape, attack.Images.shape);
    }

    #region Vision
    public sealed record VisionResNet18 : NetworkArchitecture
    {
        public override string FeatureLayer => "layer4"; // what Grad-CAM looks at

        public override string PooledHead => "fc"; // what class activation maps take their weights from

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => torchvision.models.resnet18(num_classes: classCount);
    }
    #endregion

    public static ITransformer Model(MLContext mlContext, IDataView images, string weights, IReadOnlyList<string> classNames, string path)
    {
        #region Model
        var input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        var pipeline = mlContext.Transforms.RobustImageClassificationFromNetwork(NetworkArchitecture.ResNet18, weights, input, classNames)
            .Append(mlContext.Transforms.Saliency(new SaliencyEstimator.Options { Method = new LayerwiseRelevance(), HeatMapPngColumnName = "Png" }))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"));
        ITransformer model = pipeline.Fit(images); // reads no row and trains nothing
        mlContext.Model.Save(model, images.Schema, path);
        #endregion
        return model;
    }

    public static ITransformer VisionModel(MLContext mlContext, IDataView images, string weights, InputSpecification input, IReadOnlyList<string> classNames)
    {
        #region VisionModel
        ComponentJson.Register<VisionResNet18>(); // once, also in a program that only loads the model
        var pipeline = mlContext.Transforms.RobustImageClassificationFromNetwork(new VisionResNet18(), weights, input, classNames) // resnet18.dat, say
            .Append(mlContext.Transforms.Saliency("Relevance", new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus }));
        #endregion
        return pipeline.Fit(images);
    }

    public static RobustAttributionModelTransformer Pickle(MLContext mlContext, IDataView images, string pickle, InputSpecification input, IReadOnlyList<string> classNames)
    {
        #region Pickle
        using var generator = new Generator(1);
        using var network = ImageNetwork.Create(new VisionResNet18(), input, classNames.Count, activation: null, generator);
        network.Backbone.load_py(pickle); // using TorchSharp.PyBridge: only of a file that you trust
        RobustAttributionModelTransformer model = mlContext.Transforms.RobustImageClassificationFromNetwork(network, classNames).Fit(images);
        #endregion
        return model;
    }

    public static IDataView Keys(MLContext mlContext, IDataView images, IReadOnlyList<string> classNames)
    {
        #region Keys
        IDataView names = mlContext.Data.LoadFromEnumerable(classNames.Select(name => new { Label = name }));
        var mapping = mlContext.Transforms.Conversion.MapValueToKey("Label", keyData: names); // the key values are the network's, in its order
        #endregion
        return mapping.Fit(images).Transform(images);
    }

    public static Tensor Load(string path, Tensor images)
    {
        #region Load
        var input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        using var generator = new Generator(1);
        using var network = ImageNetwork.Create(NetworkArchitecture.ResNet18, input, classCount: 1000, Activation.Relu, generator);
        using (FileStream file = File.OpenRead(path))
        {
            network.LoadWeights(file);
        }

        using Tensor logits = network.Logits(images); // [N, 1000]; images in [0, 1], not normalised
        #endregion
        return logits.clone();
    }

    public static RobustAttributionImageClassificationTrainer FineTune(MLContext mlContext, string path)
    {
        #region FineTune
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Network = NetworkArchitecture.ResNet18,
            Input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] },
            InitialWeightsPath = path,        // the head has another number of classes and starts fresh; the log says so
            HeadLearningRateFactor = 10,
            LearningRate = 1e-4,
            Objective = new LocalGradientAlignment { CosineWeight = 0.1 },
        });
        #endregion
        return trainer;
    }

    public static void Save(RobustAttributionModelTransformer model, string path)
    {
        #region Save
        lock (model.Network.SyncRoot)
        {
            using FileStream file = File.Create(path);
            model.Network.SaveWeights(file);
        }
        #endregion
    }
}
