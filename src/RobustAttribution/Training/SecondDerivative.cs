using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Finds objectives that penalise gradients of a network without second derivative.</summary>
internal static class SecondDerivative
{
    private const int Images = 2; // one of gray, one of noise

    /// <summary>What is wrong and what to do; null where nothing is. Leaves the network and all generators as they are.</summary>
    /// <param name="network">The network.</param>
    /// <param name="objective">What will be minimised.</param>
    /// <param name="seed">Decides the noise.</param>
    public static string? Missing(ImageNetwork network, ITrainingObjective objective, long seed)
    {
        if (network.Activation is { IsSmooth: true } || !objective.NeedsSecondDerivative(network) || Exists(network, seed))
        {
            return null;
        }

        string name = network.Architecture?.GetType().Name ?? network.Backbone.GetType().Name;
        string cause = network.Activation is { } activation ? $" (its activation is {activation})" : string.Empty;
        string advice = network.HasSwitchableActivation
            ? "Set Activation to a smooth one, e.g. Activation.Softplus(3)."
            : "Nothing in it can be exchanged for a smooth activation: make modules of its functional activations (nn.ReLU()), "
                + "or build it with smooth ones (nn.Softplus, nn.SiLU, nn.GELU).";
        return $"Objective {objective.GetType().Name} penalises gradients of the network, and network {name} has no second derivative"
            + $"{cause}, so the penalty teaches little of how they change around an image. {advice}";
    }

    private static bool Exists(ImageNetwork network, long seed)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), CPU);
        using Tensor former = get_rng_state(); // modules of torch.nn draw from the global generator, which belongs to the user
        try
        {
            Tensor images = network.Input.SampleImages(seed).to(network.DataType, network.Device);
            Tensor classes = arange(Images, ScalarType.Int64, network.Device);
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = enable_grad();
            Tensor x = network.Normalize(images).requires_grad_(true);
            (Tensor gradient, _) = Differentiation.LogitGradientAtNormalized(nameof(SecondDerivative), network, x, classes, createGraph: true);
            Tensor v = CpuDraws.Normal(x, generator);
            return Differentiation.GradientIfAny(gradient * v, x, createGraph: false) is { } product && product.ne(0).any().ToBoolean();
        }
        finally
        {
            set_rng_state(former);
        }
    }
}
