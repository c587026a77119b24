using Microsoft.ML;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to about networks and weights.</summary>
internal static class NetworkSnippets
{
    #region Architecture
    public sealed record TinyNet : NetworkArchitecture
    {
        public int Channels { get; init; } = 16;

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => new LayerSequence(
                "relu1", // what Grad-CAM looks at
                ("conv1", new ConvolutionLayer(input.Channels, Channels, kernelSize: 3, stride: 1, padding: 1, generator: generator)),
                ("norm1", new BatchNormalizationLayer(Channels)),
                ("relu1", new ActivationLayer()),
                ("pool", new GlobalAveragePoolLayer()),
                ("head", new LinearLayer(Channels, classCount, generator: generator)));
    }
    #endregion

    #region Residual
    public sealed class ResidualBlock : LayeredModule
    {
        private readonly ConvolutionLayer convolution;
        private readonly ActivationLayer activation = new();

        public ResidualBlock(int channels, Generator generator)
            : base("ResidualBlock")
        {
            convolution = new ConvolutionLayer(channels, channels, kernelSize: 3, stride: 1, padding: 1, generator: generator);
            RegisterComponents();
        }

        public override Tensor Run(Tensor input, ILayerRunner runner)
            => runner.Add(input, runner.Apply(convolution, runner.Apply(activation, input)));
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

    public static long[] Wrap(nn.Module<Tensor, Tensor> module, Tensor images)
    {
        #region Wrap
        using var network = new ImageNetwork(module, new InputSpecification(1, 28, 28), classCount: 10);
        using Tensor logits = network.Logits(images);
        #endregion
        return logits.shape;
    }

    public static void Load(string path, Tensor images)
    {
        #region Load
        var input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        using var generator = new Generator(1);
        using var network = ImageNetwork.Create(KnownNetworks.ResNet18, input, classCount: 1000, Activation.Relu, generator);
        using (FileStream file = File.OpenRead(path))
        {
            network.LoadWeights(file);
        }

        using Tensor logits = network.Logits(images); // [N, 1000]; images in [0, 1], not normalised
        #endregion
    }

    public static RobustAttributionImageClassificationTrainer FineTune(MLContext mlContext, string path)
    {
        #region FineTune
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Network = KnownNetworks.ResNet18,
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
