using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Forward hooks that see only the calls of the thread that installed them.</summary>
internal static class ThreadHook
{
    /// <summary>Calls <paramref name="answer"/> with input and output of each call; what it returns, if anything, takes the output's place.</summary>
    public static IDisposable After(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor?> answer)
    {
        int thread = Environment.CurrentManagedThreadId;
        return new Undo(module.register_forward_hook((_, x, y) => Environment.CurrentManagedThreadId == thread ? answer(x, y)! : null!).remove);
    }
}
