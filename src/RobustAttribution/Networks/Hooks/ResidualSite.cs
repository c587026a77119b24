using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The ReLU behind the join of TorchVision's residual blocks.</summary>
/// <remarks>It is no module there (<c>x.add_(identity).relu_()</c>), so hooks rebuild its input from the two branches.</remarks>
/// <param name="block">The block.</param>
/// <param name="last">The normalisation that ends its first branch.</param>
internal sealed class ResidualSite(nn.Module<Tensor, Tensor> block, nn.Module<Tensor, Tensor> last) : HookedSite
{
    // The branches of the running call.
    private Tensor? branch, shortcut;

    protected override Activation Native => Activation.Relu;

    /// <summary>The normalisation that ends the first branch of a residual block of TorchVision; null for any other module.</summary>
    public static nn.Module<Tensor, Tensor>? LastNormalization(nn.Module module) => module.GetType().FullName switch
    {
        "TorchSharp.Modules.ResNet+BasicBlock" => Child(module, "bn2"),
        "TorchSharp.Modules.ResNet+Bottleneck" => Child(module, "bn3"),
        _ => null,
    };

    protected override Tensor NativeValues(Tensor x) => x.relu();

    protected override Tensor Exchanged(Activation activation, Tensor x) => activation.Apply(x);

    protected override IEnumerable<IDisposable> InstallHooks()
    {
        // The block goes on in place.
        yield return ForwardHooks.After(last, (_, y) => Keep(y, out branch) ? y.clone() : null, everyThread: true, last: true);
        if (Child(block, "downsample") is { } downsample)
        {
            yield return ForwardHooks.After(
                downsample,
                (_, y) =>
                {
                    Keep(y, out shortcut);
                    return null;
                },
                everyThread: true,
                last: true);
        }

        yield return ForwardHooks.After(block, (x, _) => IsActive ? Join(x) : null, everyThread: true);
    }

    // Outlives the dispose scopes within the block.
    private bool Keep(Tensor y, out Tensor? kept)
    {
        kept = IsActive ? y.alias().DetachFromDisposeScope() : null;
        return IsActive;
    }

    private Tensor Join(Tensor x)
    {
        using Tensor? first = branch, second = shortcut;
        branch = shortcut = null;
        return Answer(first! + (second ?? x));
    }

    private static nn.Module<Tensor, Tensor>? Child(nn.Module module, string name)
        => module.named_children().FirstOrDefault(child => child.name == name).module as nn.Module<Tensor, Tensor>;
}
