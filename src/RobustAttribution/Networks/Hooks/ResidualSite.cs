using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The ReLU behind the join of TorchVision's residual blocks. It is no module there (<c>x.add_(identity).relu_()</c>), so hooks rebuild its input from the two branches.</summary>
/// <param name="block">The block.</param>
/// <param name="last">The normalisation that ends its first branch.</param>
internal sealed class ResidualSite(nn.Module<Tensor, Tensor> block, nn.Module<Tensor, Tensor> last) : HookedSite
{
    // The branches of the block that runs.
    [ThreadStatic]
    private static Tensor? branch, shortcut;

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

    protected override IEnumerable<Action> InstallHooks()
    {
        yield return last.register_forward_hook((_, _, y) =>
        {
            if (!IsActive)
            {
                return null!;
            }

            branch = y.alias().DetachFromDisposeScope();
            return y.clone(); // the block goes on in place
        }).remove;
        if (Child(block, "downsample") is { } downsample)
        {
            yield return downsample.register_forward_hook((_, _, y) =>
            {
                shortcut = IsActive ? y.alias().DetachFromDisposeScope() : null;
                return null!;
            }).remove;
        }

        yield return block.register_forward_hook((_, x, _) =>
        {
            if (!IsActive)
            {
                return null!;
            }

            using Tensor? first = branch, second = shortcut;
            branch = shortcut = null;
            return Answer(first! + (second ?? x));
        }).remove;
    }

    private static nn.Module<Tensor, Tensor>? Child(nn.Module module, string name)
        => module.named_children().FirstOrDefault(child => child.name == name).module as nn.Module<Tensor, Tensor>;
}
