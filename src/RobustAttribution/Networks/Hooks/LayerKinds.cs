using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Which modules the layer-by-layer attributions understand, and as what.</summary>
/// <remarks>docs/how-to/bring-your-own-network.md has the table.</remarks>
internal static class LayerKinds
{
    private static readonly ConditionalWeakTable<nn.Module, ActivationSite?> Sites = [];

    /// <summary>Whether a module computes x·W + b in evaluation mode, so that a rule distributes its relevance.</summary>
    public static bool IsLinear(nn.Module module) => module switch
    {
        Conv2d convolution => convolution is { transposed: false, padding_type: null, padding_mode: PaddingModes.Zeros },
        BatchNorm2d normalization => normalization.running_mean is not null,
        Linear => true,
        _ => false,
    };

    /// <summary>The site of an activation function, the same one at each call; null where the module is none.</summary>
    public static ActivationSite? ActivationOf(nn.Module module) => Sites.GetValue(module, Site);

    /// <summary>Whether every layer-by-layer attribution sends the ordinary gradient through the module.</summary>
    /// <remarks>It does where the module is piecewise linear without an offset, or only contains other modules.</remarks>
    public static bool PassesGradient(nn.Module module) => module
        is MaxPool2d or AvgPool2d or AdaptiveAvgPool2d or AdaptiveMaxPool2d
            or Flatten or Unflatten or Identity or Dropout or Dropout2d or Upsample or ZeroPad2d or Sum
        || (module.named_children().Any() && !module.parameters(recurse: false).Any());

    /// <summary>Throws unless every module of a network is of a kind that is understood, and nothing that counts happens between them.</summary>
    /// <exception cref="NotSupportedException">One is not, or something does; the message names it.</exception>
    public static void RequireUnderstood(ImageNetwork network, string method, Tensor images, Func<NetworkObservation.Unseen, bool> counts)
    {
        network.RequireSameModules();
        if (network.NotUnderstood.Concat(network.Unseen(images).Where(counts).Select(unseen => unseen.Finding)).FirstOrDefault() is { } found)
        {
            throw new NotSupportedException(
                $"{method} goes through the network layer by layer. {found} "
                + "Build it of the modules in the table of docs/how-to/bring-your-own-network.md, or use an attribution that needs gradients only, "
                + "such as InputGradient, IntegratedGradients or GradCam.");
        }
    }

    /// <summary>A sentence for each module that is not understood.</summary>
    public static IEnumerable<string> NotUnderstood(ImageNetwork network)
        => network.Backbone.named_modules().Prepend((string.Empty, network.Backbone))
            .Where(entry => !IsLinear(entry.module) && ActivationOf(entry.module) is null && !PassesGradient(entry.module))
            .Select(entry =>
            {
                string name = entry.name.Length == 0 ? "the network itself" : $"'{entry.name}'";
                return $"Not understood is {name}, a {entry.module.GetType().Name}{Why(entry.module)}.";
            });

    /// <summary>Whether a module contains no other module.</summary>
    public static bool IsLeaf(nn.Module module) => !module.named_children().Any();

    /// <summary>Whether a module writes its output over its input.</summary>
    public static bool WorksInPlace(nn.Module module)
        => (module.GetType().GetField("inplace")?.GetValue(module) ?? module.GetType().GetProperty("inplace")?.GetValue(module)) is true;

    /// <summary>Whether a convolution and the batch normalisation of its output are one linear layer: children of the same module.</summary>
    /// <remarks>Past the end of a block, the convolution's output may have other users, a shortcut for example.</remarks>
    public static bool AreOneBlock(ImageNetwork network, Conv2d convolution, BatchNorm2d normalization)
        => network.Parents[convolution].Intersect(network.Parents[normalization]).Any();

    private static ActivationSite? Site(nn.Module module) => module switch
    {
        ActivationLayer layer => new LayerSite(layer),
        ReLU relu => new ModuleSite(relu, (activation, x) => activation.Apply(x)),
        ReLU6 relu => new ModuleSite(relu, (activation, x) => activation.Apply(x) - activation.Apply(x - 6)),
        LeakyReLU leaky => new ModuleSite(leaky, (activation, x) => (x * leaky.negative_slope) + (activation.Apply(x) * (1 - leaky.negative_slope))),
        Softplus or SiLU or GELU or ELU or SELU or CELU or Sigmoid or Tanh or LogSigmoid
            or Hardswish or Hardtanh or Tanhshrink or PReLU
            => new ModuleSite((nn.Module<Tensor, Tensor>)module, null),
        nn.Module<Tensor, Tensor> block when ResidualSite.LastNormalization(block) is { } last => new ResidualSite(block, last),
        _ => null,
    };

    private static string Why(nn.Module module) => module switch
    {
        Conv2d { padding_type: not null } => " whose padding is given by name",
        Conv2d convolution => $" with padding mode {convolution.padding_mode}",
        BatchNorm2d => " without running statistics",
        _ when module.parameters(recurse: false).Any() => " with parameters of its own",
        _ => string.Empty,
    };
}
