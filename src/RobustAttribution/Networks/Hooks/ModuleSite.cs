using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An activation module of torch.nn, in place or not.</summary>
/// <param name="module">The module.</param>
/// <param name="exchanged">Its function with an activation in the place of ReLU; null where it has no ReLU in it.</param>
internal sealed class ModuleSite(nn.Module<Tensor, Tensor> module, Func<Activation, Tensor, Tensor>? exchanged) : HookedSite
{
    // The input of the call that runs: a module that works in place gets a copy.
    [ThreadStatic]
    private static Tensor? input;

    private readonly bool inPlace = (module.GetType().GetField("inplace")?.GetValue(module) ?? module.GetType().GetProperty("inplace")?.GetValue(module)) is true;

    public override bool IsRelu => base.IsRelu && module is TorchSharp.Modules.ReLU;

    protected override Activation? Native => exchanged is null ? null : Activation.Relu;

    // `forward` runs no hooks.
    protected override Tensor NativeValues(Tensor x) => module.forward(inPlace ? x.clone() : x);

    protected override Tensor Exchanged(Activation activation, Tensor x) => exchanged!(activation, x);

    protected override IEnumerable<Action> InstallHooks()
    {
        if (inPlace)
        {
            yield return module.register_forward_pre_hook((_, x) =>
            {
                input = IsActive ? x : null;
                return IsActive ? x.detach().clone() : null!;
            }).remove;
        }

        yield return module.register_forward_hook((_, x, _) => IsActive ? Answer(inPlace ? input! : x) : null!).remove;
    }
}
