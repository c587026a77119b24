using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An activation module of torch.nn, in place or not.</summary>
/// <param name="module">The module.</param>
/// <param name="exchanged">Its function with another activation in place of ReLU; null where the function contains no ReLU.</param>
internal sealed class ModuleSite(nn.Module<Tensor, Tensor> module, Func<Activation, Tensor, Tensor>? exchanged) : HookedSite
{
    private readonly bool inPlace = LayerKinds.WorksInPlace(module);

    // The input of the running call, and the copy that a module which works in place is given for it.
    private Tensor? input, copy;

    public override bool IsRelu => base.IsRelu && module is TorchSharp.Modules.ReLU;

    protected override Activation? Native => exchanged is null ? null : Activation.Relu;

    // `forward` runs no hooks.
    protected override Tensor NativeValues(Tensor x) => module.forward(inPlace ? x.clone() : x);

    protected override Tensor Exchanged(Activation activation, Tensor x) => exchanged!(activation, x);

    protected override IEnumerable<IDisposable> InstallHooks()
    {
        if (inPlace)
        {
            yield return ForwardHooks.Before(
                module,
                x =>
                {
                    (input, copy) = IsActive ? (x, x.detach().clone()) : (null, null);
                    return copy;
                },
                everyThread: true);
        }

        yield return ForwardHooks.After(
            module,
            (x, _) => !IsActive ? null : !inPlace ? Answer(x) : ReferenceEquals(x, copy) ? AnswerInPlace(input!) : throw new NotSupportedException(
                $"A forward pre-hook hands a {module.GetType().Name} that works in place another tensor than its input. Register the hook before "
                + $"the activation is exchanged or explained, or use a module that does not work in place."),
            everyThread: true);
    }

    // Who uses the input again sees what the module would have written over it.
    private Tensor AnswerInPlace(Tensor x)
    {
        Tensor answer = Answer(x.clone());
        x.copy_(answer);
        return answer;
    }
}
