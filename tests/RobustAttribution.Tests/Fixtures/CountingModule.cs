using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Calls another module, counts the forward passes and the images in them, records the modes, and fails on demand.</summary>
internal sealed class CountingModule : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> inner;

    public CountingModule(nn.Module<Tensor, Tensor> inner)
        : base(nameof(CountingModule))
    {
        this.inner = inner;
        register_module("inner", inner);
    }

    public int Calls { get; private set; }

    /// <summary>The number of images of all calls.</summary>
    public long Images { get; private set; }

    /// <summary>The number of images of the largest call.</summary>
    public long LargestCall { get; private set; }

    /// <summary>How many of the calls were made with gradients to the parameters possible.</summary>
    public int TrainableCalls { get; private set; }

    /// <summary>How many of the calls were made in training mode.</summary>
    public int TrainingCalls { get; private set; }

    /// <summary>The call that fails, from 1; 0 for none.</summary>
    public int FailingCall { get; set; }

    /// <summary>What a call fails with.</summary>
    public Exception Failure { get; set; } = new InvalidOperationException("The network fails, as the test wants.");

    /// <summary>Wraps the backbone of a network. The result owns it.</summary>
    public static (ImageNetwork Network, CountingModule Counter) Around(ImageNetwork network)
    {
        var counter = new CountingModule(network.Backbone);
        counter.register_forward_hook((_, _, _) => null!); // a network with hooks is called as a whole, not module by module
        var wrapped = new ImageNetwork(counter, network.Input, network.ClassCount)
        {
            Architecture = network.Architecture, // of the library's, so no passes are spent on finding out what it is
            FeatureLayer = network.FeatureLayer is { } feature ? $"inner.{feature}" : null,
            PooledHead = network.PooledHead is { } head ? $"inner.{head}" : null,
        };
        return (wrapped, counter);
    }

    public void Reset() => (Calls, Images, LargestCall, TrainableCalls, TrainingCalls) = (0, 0, 0, 0, 0);

    public override Tensor forward(Tensor input)
    {
        Calls++;
        Images += input.shape[0];
        LargestCall = Math.Max(LargestCall, input.shape[0]);
        TrainableCalls += is_grad_enabled() && inner.parameters().Any(parameter => parameter.requires_grad) ? 1 : 0;
        TrainingCalls += training ? 1 : 0;
        return Calls == FailingCall ? throw Failure : inner.call(input);
    }
}
