using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Which modules the attributions that go layer by layer understand, and as what (docs/how-to/bring-your-own-network.md has the table).</summary>
internal static class LayerKinds
{
    /// <summary>x·W + b in evaluation mode: the modules that share out relevance by a rule.</summary>
    public static bool IsLinear(nn.Module module) => module switch
    {
        Conv2d convolution => convolution is { transposed: false, padding_type: null, padding_mode: PaddingModes.Zeros },
        BatchNorm2d normalization => normalization.running_mean is not null,
        Linear => true,
        _ => false,
    };

    /// <summary>The place of an activation function; null where the module is none.</summary>
    public static ActivationSite? ActivationOf(nn.Module module) => module switch
    {
        ActivationLayer layer => new LayerSite(layer),
        ReLU relu => new ModuleSite(relu, (activation, x) => activation.Apply(x)),
        ReLU6 relu => new ModuleSite(relu, (activation, x) => activation.Apply(x) - activation.Apply(x - 6)),
        LeakyReLU leaky => new ModuleSite(leaky, (activation, x) => (x * leaky.negative_slope) + (activation.Apply(x) * (1 - leaky.negative_slope))),
        Softplus or SiLU or GELU or ELU or SELU or CELU or Mish or Sigmoid or Tanh or LogSigmoid or Hardswish or Hardsigmoid or Hardtanh or Softsign or Tanhshrink or PReLU
            => new ModuleSite((nn.Module<Tensor, Tensor>)module, null),
        nn.Module<Tensor, Tensor> block when ResidualSite.LastNormalization(block) is { } last => new ResidualSite(block, last),
        _ => null,
    };

    /// <summary>Whether the ordinary gradient is what every layer-by-layer attribution sends through the module: it is piecewise linear without offset, or only holds other modules.</summary>
    public static bool PassesGradient(nn.Module module) => module
        is MaxPool2d or AvgPool2d or AdaptiveAvgPool2d or AdaptiveMaxPool2d or Flatten or Unflatten or Identity or Dropout or Dropout2d or Upsample or ZeroPad2d or Sum
        || (module.named_children().Any() && !module.parameters(recurse: false).Any());

    /// <summary>Throws unless every module of a network is of a kind that is understood.</summary>
    /// <exception cref="NotSupportedException">One is not; the message names it.</exception>
    public static void RequireUnderstood(ImageNetwork network, string method)
    {
        if (NotUnderstood(network).FirstOrDefault() is { } module)
        {
            throw new NotSupportedException(
                $"{method} goes through the network layer by layer. {module} "
                + "Build it of the modules in the table of docs/how-to/bring-your-own-network.md, or use an attribution that needs gradients only, such as InputGradient, IntegratedGradients or GradCam.");
        }
    }

    /// <summary>A sentence for each module that is not understood.</summary>
    public static IEnumerable<string> NotUnderstood(ImageNetwork network)
        => network.Backbone.named_modules().Prepend((string.Empty, network.Backbone))
            .Where(entry => !IsLinear(entry.module) && ActivationOf(entry.module) is null && !PassesGradient(entry.module))
            .Select(entry => $"Not understood is {(entry.name.Length == 0 ? "the network itself" : $"'{entry.name}'")}, a {entry.module.GetType().Name}{Why(entry.module)}.");

    /// <summary>Whether a module is no container: its forward pass calls no other module.</summary>
    public static bool IsLeaf(nn.Module module) => !module.named_children().Any();

    /// <summary>Whether a module writes its output over its input.</summary>
    public static bool WorksInPlace(nn.Module module)
        => (module.GetType().GetField("inplace")?.GetValue(module) ?? module.GetType().GetProperty("inplace")?.GetValue(module)) is true;

    /// <summary>
    /// Whether a batch normalisation that sees a convolution's output is one linear layer with it: they stand in the same module. Behind the end of a block the output may have other users, a shortcut for example.
    /// </summary>
    public static bool AreOneBlock(ImageNetwork network, Conv2d convolution, BatchNorm2d normalization)
        => network.Modules.Any(parent => parent.children().Contains(convolution) && parent.children().Contains(normalization));

    private static string Why(nn.Module module) => module switch
    {
        Conv2d { padding_type: not null } => " whose padding is given by name",
        Conv2d convolution => $" with padding mode {convolution.padding_mode}",
        BatchNorm2d => " without running statistics",
        _ when module.parameters(recurse: false).Any() => " with parameters of its own",
        _ => string.Empty,
    };
}
