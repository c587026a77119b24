using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The library's forward hooks on one module, called in the order of their installation: TorchSharp keeps its own in a dictionary, whose order changes once one was removed.</summary>
internal sealed class ForwardHooks
{
    private static readonly ConditionalWeakTable<nn.Module<Tensor, Tensor>, ForwardHooks> Known = [];

    private readonly Lock changing = new();
    private ImmutableArray<Hook> hooks = [];
    private Action? remove;

    private delegate Tensor? Hook(Tensor input, Tensor output);

    /// <summary>Calls <paramref name="answer"/> with input and output of each call; what it returns, if anything, takes the output's place. Until the result is disposed.</summary>
    /// <param name="module">The module.</param>
    /// <param name="answer">Input and output to the new output, or null.</param>
    /// <param name="everyThread">Whether calls of other threads are answered, too, and not only those of the one that installs the hook.</param>
    public static Undo After(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor?> answer, bool everyThread = false)
    {
        int thread = Environment.CurrentManagedThreadId;
        ForwardHooks here = Known.GetOrCreateValue(module);
        Tensor? Added(Tensor x, Tensor y) => everyThread || Environment.CurrentManagedThreadId == thread ? answer(x, y) : null;
        here.Change(module, here.hooks.Add(Added));
        return new Undo(() => here.Change(module, here.hooks.Remove(Added)));
    }

    /// <summary>Calls <paramref name="see"/> with the input of each call on this thread; what it returns, if anything, takes the input's place. Until the result is disposed.</summary>
    public static Undo Before(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor?> see, bool everyThread = false)
    {
        int thread = Environment.CurrentManagedThreadId;
        return new Undo(module.register_forward_pre_hook((_, x) => everyThread || Environment.CurrentManagedThreadId == thread ? see(x)! : null!).remove);
    }

    private void Change(nn.Module<Tensor, Tensor> module, ImmutableArray<Hook> changed)
    {
        lock (changing)
        {
            hooks = changed;
            if (changed.IsEmpty)
            {
                remove?.Invoke();
                remove = null;
            }
            else
            {
                remove ??= module.register_forward_hook((_, x, y) => Answer(x, y)!).remove;
            }
        }
    }

    private Tensor? Answer(Tensor input, Tensor output)
    {
        Tensor? answer = null;
        foreach (Hook hook in hooks)
        {
            answer = hook(input, answer ?? output) ?? answer;
        }

        return answer;
    }
}
