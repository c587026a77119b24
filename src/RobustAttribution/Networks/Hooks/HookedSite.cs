using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An activation in a module that knows nothing of <see cref="Networks.Activation"/>: forward hooks exchange and observe it.</summary>
/// <remarks>The hooks are installed only while they are needed.</remarks>
internal abstract class HookedSite : ActivationSite
{
    private Activation? everywhere;
    private (int Thread, Func<Tensor, Tensor, Tensor?> Answer)? observer;
    private Undo? hooks;

    /// <summary>The activation that the module computes without hooks; null where it cannot be exchanged.</summary>
    protected abstract Activation? Native { get; }

    public override Activation? Activation => Native is null ? null : Chosen ?? Native;

    // What replaces the module's own function on this thread; null where nothing does.
    private Activation? Chosen => Newest is { IsHere: true } here ? here.Activation : everywhere;

    /// <summary>Whether the hooks have anything to do on this thread.</summary>
    protected bool IsActive => Chosen is not null || Observer is not null;

    private Func<Tensor, Tensor, Tensor?>? Observer
        => observer is { } here && here.Thread == Environment.CurrentManagedThreadId ? here.Answer : null;

    public override void Set(Activation activation)
    {
        if (Native is not null)
        {
            everywhere = activation == Native ? null : activation;
            OnChanged();
        }
    }

    public override Tensor Apply(Tensor x) => Chosen is { } other ? Exchanged(other, x) : NativeValues(x);

    public override IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer)
    {
        observer = (Environment.CurrentManagedThreadId, answer);
        OnChanged();
        return new Undo(() =>
        {
            observer = null;
            OnChanged();
        });
    }

    /// <summary>The tensor that replaces the activation's output, from its input.</summary>
    protected Tensor Answer(Tensor x)
    {
        Tensor y = Apply(x);
        return Observer?.Invoke(x, y) ?? y;
    }

    /// <summary>The module's own function at any input, without hooks.</summary>
    protected abstract Tensor NativeValues(Tensor x);

    /// <summary>The module's function with <paramref name="activation"/> in place of ReLU.</summary>
    protected abstract Tensor Exchanged(Activation activation, Tensor x);

    /// <summary>Installs hooks that replace the activation's output by <see cref="Answer"/> while <see cref="IsActive"/>.</summary>
    protected abstract IEnumerable<IDisposable> InstallHooks();

    protected sealed override void OnChanged()
    {
        if (everywhere is not null || IsExchanged || observer is not null)
        {
            hooks ??= Undo.All(InstallHooks());
            return;
        }

        hooks?.Dispose();
        hooks = null;
    }
}
