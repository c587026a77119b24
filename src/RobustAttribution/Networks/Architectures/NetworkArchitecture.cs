using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// The description of a network without its weights: an immutable record that can be saved as JSON and built for any input and class count.
/// </summary>
/// <remarks>
/// Ready-made ones are static members of this type. For one of your own, derive a record whose options are <c>init</c> properties and whose
/// <see cref="Build"/> returns ordinary torch.nn modules, and register it with <see cref="ComponentJson.Register{T}"/>.
/// </remarks>
[ComponentFamily]
public abstract record NetworkArchitecture
{
    /// <summary>Convolutions 16-16-32-32, hidden layer 128: trains on Fashion-MNIST in a minute or two without a GPU.</summary>
    public static NetworkArchitecture SmallConvNet { get; } = new SmallConvNetArchitecture();

    /// <summary>The LeNet of Joo et al. 2023: convolutions 32-32-64-64, hidden layer 256.</summary>
    public static NetworkArchitecture LeNet { get; } = new LeNetArchitecture();

    /// <summary>ResNet-18 with a 3×3 stem for images of 32×32, as Joo et al. 2023 train on CIFAR-10.</summary>
    public static NetworkArchitecture ResNet18ForSmallImages { get; } = new ResNetArchitecture { Stem = ResNetStem.SmallImages };

    /// <summary>torchvision's ResNet-18, for images of 224×224.</summary>
    public static NetworkArchitecture ResNet18 { get; } = new ResNetArchitecture();

    /// <summary>torchvision's ResNet-50, for images of 224×224.</summary>
    public static NetworkArchitecture ResNet50 { get; } = new ResNetArchitecture { Depth = 50 };

    /// <summary>ResNet-50 with stride 1 in the last stage: 14×14 maps at images of 224×224, as Singh et al. 2020 use for localisation.</summary>
    public static NetworkArchitecture ResNet50ForLocalization { get; } = new ResNetArchitecture { Depth = 50, LastStageStride = 1 };

    /// <summary>WideResNet-28-10 for images of 32×32, as Singh et al. 2020 train on CIFAR-10.</summary>
    public static NetworkArchitecture WideResNet28x10 { get; } = new WideResNetArchitecture();

    /// <summary>The name of the module whose output holds the last feature maps [N,C,h,w], for Grad-CAM; null where there is none.</summary>
    public virtual string? FeatureLayer => null;

    /// <summary>The name of the linear layer that computes the logits from the channel means of <see cref="FeatureLayer"/>.</summary>
    /// <remarks>Class activation maps take their weights from it; null where logits are computed otherwise.</remarks>
    public virtual string? PooledHead => null;

    /// <summary>Builds the network that maps normalised images to logits, on the CPU, in float32.</summary>
    /// <param name="input">Shape of the images.</param>
    /// <param name="classCount">K, at least 2.</param>
    /// <param name="generator">
    /// Source of the initial weights, on the CPU. While <see cref="ImageNetwork.Create"/> runs this method, the global generator is seeded from it,
    /// too, and restored afterwards, so that modules of torch.nn, which draw from the global one, also start from the same weights each time.
    /// </param>
    /// <returns>[N,C,H,W] to [N,K]; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The images are too small for the architecture.</exception>
    public abstract nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator);

    /// <summary>Whether it is one of this library's, whose networks draw from no generator but the one they are given.</summary>
    internal bool IsBuiltIn => GetType().Assembly == typeof(NetworkArchitecture).Assembly;

    /// <summary>The network without memory, its tensors on the device "meta"; null for an architecture of another assembly.</summary>
    /// <exception cref="ArgumentException">The images are too small for the architecture.</exception>
    internal nn.Module<Tensor, Tensor>? BuildShapes(InputSpecification input, int classCount) => BuildLayers(input, classCount, null);

    /// <summary>As <see cref="Build"/>; without a generator, shapes alone.</summary>
    private protected virtual nn.Module<Tensor, Tensor>? BuildLayers(InputSpecification input, int classCount, Generator? generator) => null;

    /// <summary><see cref="Build"/>, with the global generator seeded from <paramref name="generator"/> and restored afterwards.</summary>
    /// <remarks>The library's own architectures do not draw from the global generator, which stays as it is for them.</remarks>
    internal nn.Module<Tensor, Tensor> BuildSeeded(InputSpecification input, int classCount, Generator generator)
    {
        if (IsBuiltIn)
        {
            return Build(input, classCount, generator);
        }

        // Not in a scope of ours: it would free the tensors that the modules hold.
        using Tensor former = get_rng_state();
        try
        {
            SeedGlobalGenerator(generator);
            return Build(input, classCount, generator);
        }
        finally
        {
            set_rng_state(former);
        }
    }

    private static void SeedGlobalGenerator(Generator generator)
    {
        using IDisposable scope = NewDisposeScope();
        using var copy = new Generator(0, CPU);
        copy.set_state(generator.get_state());
        copy.manual_seed(randint(long.MaxValue, [1], ScalarType.Int64, CPU, generator: copy).ToInt64());
        set_rng_state(copy.get_state());
    }

    private protected void RequireSize(InputSpecification input, int minimum)
    {
        Require.NotNull(input, nameof(input));
        if (input.Height < minimum || input.Width < minimum)
        {
            throw new ArgumentException(
                $"Images are {input.Height}×{input.Width} (height × width); {GetType().Name} takes at least {minimum}×{minimum}.", nameof(input));
        }
    }
}
