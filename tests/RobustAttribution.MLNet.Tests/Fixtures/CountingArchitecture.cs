using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A small network that counts its forward passes, can be saved and loaded, and can be told to fail.</summary>
public sealed record CountingArchitecture : NetworkArchitecture
{
    private static readonly SmallConvNetArchitecture Inner = new() { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 };

    /// <summary>Forward passes of all networks of this kind.</summary>
    public static int Calls => Volatile.Read(ref calls);

    /// <summary>Images in them.</summary>
    public static int Images => Volatile.Read(ref images);

    private static int calls;
    private static int images;

    public static void Register() => ComponentJson.Register<CountingArchitecture>();

    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => new Counter(Inner.Build(input, classCount, generator));

    private sealed class Counter : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> inner;

        public Counter(nn.Module<Tensor, Tensor> inner)
            : base("Counter")
        {
            this.inner = inner;
            register_module("inner", inner);
        }

        public override Tensor forward(Tensor input)
        {
            Interlocked.Increment(ref calls);
            Interlocked.Add(ref images, (int)input.shape[0]);
            return inner.call(input);
        }
    }
}
