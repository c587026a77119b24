using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>One call of a module without children in a forward pass: what it computes, at its true shapes.</summary>
internal sealed class Layer(string name, nn.Module<Tensor, Tensor> module, Tensor input, bool isFirst) : IDisposable
{
    public string Name { get; } = name;

    public string Kind { get; } = module switch
    {
        Conv2d => "convolution",
        Linear => "linear",
        BatchNorm2d => "batch norm",
        PlainActivation => "activation",
        _ => "pooling",
    };

    public Tensor Input { get; } = input;

    /// <summary>Whether its input is the image, at which a derivative is taken only where a method asks for it.</summary>
    public bool IsFirst { get; } = isFirst;

    /// <summary>The weights; null where it has none.</summary>
    public Tensor? Weight => module switch
    {
        Conv2d convolution => convolution.weight,
        Linear linear => linear.weight,
        BatchNorm2d normalization => normalization.weight,
        _ => null,
    };

    public bool IsConvolution => module is Conv2d;

    /// <summary>Operations of one forward pass: two for each multiplication with an addition.</summary>
    public double Operations(Tensor output)
        => module is Conv2d or Linear ? 2.0 * output.numel() * Weight!.numel() / Weight.shape[0] : 0;

    public Tensor Forward(Tensor input) => module.call(input);

    /// <summary>The layer's forward pass with other values in the place of its input, without its bias: the derivative of itself.</summary>
    public Tensor Convolve(Tensor input)
        => module is Conv2d layer
            ? nn.functional.conv2d(input, layer.weight!, null, layer.stride, layer.padding, layer.dilation, layer.groups)
            : throw new InvalidOperationException($"{Name} is no convolution.");

    /// <summary>The derivative at the input as the library computes one that it will differentiate; null where it leaves that to autograd.</summary>
    public Tensor? Signal(Tensor input, Tensor gradient) => module switch
    {
        Conv2d => ConvolveTransposed(gradient),
        PlainActivation { Beta: double beta } => gradient * (input * beta).sigmoid(),
        PlainActivation => gradient * input.detach().gt(0).to(input.dtype),
        _ => null,
    };

    /// <summary>The derivative at the input as a transposed convolution, whose own derivative is made of convolutions again.</summary>
    public Tensor ConvolveTransposed(Tensor gradient)
    {
        var layer = (Conv2d)module;
        long stride = layer.stride![0], padding = layer.padding![0], kernel = layer.weight!.shape[2];
        long missing = Input.shape[2] - (((gradient.shape[2] - 1) * stride) - (2 * padding) + kernel);
        return nn.functional.conv_transpose2d(gradient, layer.weight, null, [stride, stride], [padding, padding], [missing, missing]);
    }

    public void Dispose() => Input.Dispose();

    /// <summary>Every call in one forward pass of a network, in its order.</summary>
    public static IReadOnlyList<Layer> Of(nn.Module<Tensor, Tensor> network, Tensor images)
    {
        List<Layer> found = [];
        List<Action> hooks = [];
        foreach ((string name, nn.Module child) in network.named_modules())
        {
            if (child is nn.Module<Tensor, Tensor> module and not Flatten && !child.children().Any())
            {
                hooks.Add(module.register_forward_pre_hook((_, input) =>
                {
                    found.Add(new Layer(name, module, input.detach().DetachFromDisposeScope(), found.Count == 0));
                    return input;
                }).remove);
            }
        }

        using IDisposable mode = no_grad();
        using IDisposable scope = NewDisposeScope();
        network.call(images);
        hooks.ForEach(remove => remove());
        return found;
    }
}
