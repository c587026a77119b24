using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The library's forward hooks on one module, called in the order of their installation.</summary>
/// <remarks>TorchSharp keeps hooks in a dictionary, whose order changes once one was removed.</remarks>
internal sealed class ForwardHooks
{
    private static readonly FieldInfo PostHooks
        = typeof(nn.Module<Tensor, Tensor>).GetField("post_hooks", BindingFlags.Instance | BindingFlags.NonPublic)
            ?? throw new MissingFieldException("TorchSharp's modules have no field post_hooks; use the version that this library was built with.");

    private static readonly ConditionalWeakTable<nn.Module<Tensor, Tensor>, ForwardHooks> Known = [];
    private static readonly string[] FieldNames = ["pre_hooks", "post_hooks", "module_pre_hooks", "module_post_hooks"];
    private static readonly ConditionalWeakTable<Type, FieldInfo[]> Fields = [];

    private readonly Lock changing = new();
    private ImmutableArray<Hook> hooks = [], lastHooks = [];
    private Action? remove;

    private delegate Tensor? Hook(Tensor input, Tensor output);

    /// <summary>Whether anything listens to the calls of a module, ours or the user's.</summary>
    public static bool HasAny(nn.Module module)
        => Fields.GetValue(module.GetType(), FieldsOf).Any(field => field.GetValue(module) is ICollection { Count: > 0 });

    /// <summary>Calls <paramref name="answer"/> with the input and output of each call, until the result is disposed.</summary>
    /// <param name="module">The module.</param>
    /// <param name="answer">From input and output to the tensor that replaces the output, or null to keep it.</param>
    /// <param name="everyThread">Whether calls on every thread are answered; false for those on the installing thread only.</param>
    /// <param name="last">Whether it is called behind every hook that is not, and so sees what those have replaced.</param>
    public static Undo After(
        nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor?> answer, bool everyThread = false, bool last = false)
    {
        int thread = Environment.CurrentManagedThreadId;
        ForwardHooks here = Known.GetOrCreateValue(module);
        Tensor? Added(Tensor x, Tensor y) => everyThread || Environment.CurrentManagedThreadId == thread ? answer(x, y) : null;
        here.Change(module, () => _ = last ? here.lastHooks = here.lastHooks.Add(Added) : here.hooks = here.hooks.Add(Added));
        return new Undo(() => here.Change(module, () => (here.hooks, here.lastHooks) = (here.hooks.Remove(Added), here.lastHooks.Remove(Added))));
    }

    /// <summary>Calls <paramref name="see"/> with the input of each call, until the result is disposed.</summary>
    /// <param name="module">The module.</param>
    /// <param name="see">From the input to the tensor that replaces it, or null to keep it.</param>
    /// <param name="everyThread">Whether calls on every thread are seen; false for those on the installing thread only.</param>
    public static Undo Before(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor?> see, bool everyThread = false)
    {
        int thread = Environment.CurrentManagedThreadId;
        return new Undo(
            module.register_forward_pre_hook((_, x) => everyThread || Environment.CurrentManagedThreadId == thread ? see(x)! : null!).remove);
    }

    private static FieldInfo[] FieldsOf(Type module)
        => [.. FieldNames.Select(name => module.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)).OfType<FieldInfo>()];

    private void Change(nn.Module<Tensor, Tensor> module, Action change)
    {
        lock (changing)
        {
            change();
            if (hooks.IsEmpty && lastHooks.IsEmpty)
            {
                remove?.Invoke();
                remove = null;
            }
            else
            {
                remove ??= Register(module);
            }
        }
    }

    // Before the hooks of others: what they do to the output of an exchanged module is done to the new output.
    private Action Register(nn.Module<Tensor, Tensor> module)
    {
        var registered = (Dictionary<string, Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>)PostHooks.GetValue(module)!;
        var others = registered.ToArray();
        registered.Clear();
        Action removal = module.register_forward_hook((_, x, y) => Answer(x, y)!).remove;
        Array.ForEach(others, other => registered.Add(other.Key, other.Value));
        return removal;
    }

    private Tensor? Answer(Tensor input, Tensor output)
    {
        Tensor? answer = null;
        foreach (Hook hook in hooks.AddRange(lastHooks))
        {
            answer = hook(input, answer ?? output) ?? answer;
        }

        return answer;
    }
}
