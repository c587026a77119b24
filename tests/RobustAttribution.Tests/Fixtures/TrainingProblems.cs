using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Problems small enough to train on in a blink: a network with every kind of state, and images whose class is easy to see.</summary>
internal static class TrainingProblems
{
    public const int Classes = 3;

    /// <summary>Convolution, batch-norm, activation, pooling, head; weights from the seed alone.</summary>
    public static ImageNetwork Network(long seed = 1, ScalarType type = ScalarType.Float64, Activation? activation = null, int size = 6)
    {
        var network = new ImageNetwork(new Backbone(activation), new InputSpecification(1, size, size), Classes);
        network.MoveTo(CPU, type);
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        using var generator = new Generator((ulong)seed);
        foreach (Tensor parameter in network.Backbone.parameters())
        {
            parameter.copy_((rand(parameter.shape, dtype: type, generator: generator) - 0.5) * (parameter.dim() > 1 ? 0.8 : 0.2));
        }

        return network;
    }

    /// <summary>A bright row on noise; the class is the row. uint8 [N,1,size,size].</summary>
    public static TensorBatchSource Images(int count, long seed = 7, int size = 6)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        Tensor classes = randint(0, Classes, [count], dtype: ScalarType.Int64, generator: generator);
        Tensor noise = rand([count, 1, size, size], generator: generator) * 120;
        Tensor bright = nn.functional.one_hot(classes * 2, size).to(ScalarType.Float32).reshape(count, 1, size, 1) * 110;
        return new TensorBatchSource((noise + bright).to(ScalarType.Byte).DetachFromDisposeScope(), classes.DetachFromDisposeScope());
    }

    /// <summary>Every parameter and buffer as numbers.</summary>
    public static Dictionary<string, double[]> Weights(ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        return WeightSnapshot.Of(network)
            .ToDictionary(pair => pair.Name, pair => pair.Value.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray());
    }

    public static void AssertSameBits(Dictionary<string, double[]> expected, Dictionary<string, double[]> actual)
    {
        CollectionAssert.AreEqual(expected.Keys, actual.Keys);
        foreach (string name in expected.Keys)
        {
            CollectionAssert.AreEqual(
                expected[name].Select(BitConverter.DoubleToInt64Bits).ToArray(),
                actual[name].Select(BitConverter.DoubleToInt64Bits).ToArray(),
                name);
        }
    }

    private sealed class Backbone : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(1, 4, 3, 1, 1);
        private readonly BatchNorm2d norm = nn.BatchNorm2d(4);
        private readonly ActivationLayer activation;
        private readonly nn.Module<Tensor, Tensor> pool = nn.AvgPool2d(2);
        private readonly nn.Module<Tensor, Tensor> fc;

        public Backbone(Activation? activation)
            : base(nameof(Backbone))
        {
            this.activation = new ActivationLayer(activation);
            fc = nn.Linear(4 * 3 * 3, Classes);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor hidden = pool.call(activation.call(norm.call(conv.call(input))));
            return fc.call(hidden.flatten(1)).MoveToOuterDisposeScope();
        }
    }
}
