using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>An activation in a module that knows nothing of <see cref="Networks.Activation"/>: it is exchanged and observed by forward hooks, which are there only while they are needed.</summary>
internal abstract class HookedSite : ActivationSite
{
    private Activation? everywhere;
    private (int Thread, Activation Activation)? exchanged;
    private (int Thread, Func<Tensor, Tensor, Tensor?> Answer)? observer;
    private Undo? hooks;

    /// <summary>What the module computes without hooks; null where it cannot be exchanged.</summary>
    protected abstract Activation? Native { get; }

    public override Activation? Activation => Native is null ? null : Chosen ?? Native;

    // What this thread sees in place of the module's own function; null where that stays.
    private Activation? Chosen => exchanged is { } here && here.Thread == Environment.CurrentManagedThreadId ? here.Activation : everywhere;

    /// <summary>Whether the hooks have anything to do on this thread.</summary>
    protected bool IsActive => Chosen is not null || Observer is not null;

    private Func<Tensor, Tensor, Tensor?>? Observer => observer is { } here && here.Thread == Environment.CurrentManagedThreadId ? here.Answer : null;

    public override void Set(Activation activation)
    {
        if (Native is not null)
        {
            everywhere = activation == Native ? null : activation;
            Install();
        }
    }

    public override IDisposable Exchange(Activation activation)
    {
        if (Native is null)
        {
            return new Undo(null);
        }

        var former = exchanged;
        exchanged = (Environment.CurrentManagedThreadId, activation);
        Install();
        return new Undo(() =>
        {
            exchanged = former;
            Install();
        });
    }

    public override Tensor Apply(Tensor x) => Chosen is { } other ? Exchanged(other, x) : NativeValues(x);

    public override IDisposable Observe(Func<Tensor, Tensor, Tensor?> answer)
    {
        observer = (Environment.CurrentManagedThreadId, answer);
        Install();
        return new Undo(() =>
        {
            observer = null;
            Install();
        });
    }

    /// <summary>What goes on behind the activation, from its input.</summary>
    protected Tensor Answer(Tensor x)
    {
        Tensor y = Apply(x);
        return Observer?.Invoke(x, y) ?? y;
    }

    /// <summary>The module's own function at any input, without hooks.</summary>
    protected abstract Tensor NativeValues(Tensor x);

    /// <summary>The function with <paramref name="activation"/> in the place of ReLU.</summary>
    protected abstract Tensor Exchanged(Activation activation, Tensor x);

    /// <summary>Installs hooks that put <see cref="Answer"/> in the place of the activation's output while <see cref="IsActive"/>.</summary>
    protected abstract IEnumerable<IDisposable> InstallHooks();

    // Anew each time: hooks run in the order of their installation, and these come last.
    private void Install()
    {
        hooks?.Dispose();
        hooks = everywhere is null && exchanged is null && observer is null ? null : Undo.All(InstallHooks());
    }
}
