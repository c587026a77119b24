using System.Runtime.InteropServices;

namespace RobustAttribution;

/// <summary>
/// Computes again what failed because the garbage collector freed a Scalar of TorchSharp's or of a user's module under the native call.
/// </summary>
/// <remarks>The library's own operations cannot fail so: see <see cref="TensorOperations"/> and docs/decisions/torchsharp-gc.md.</remarks>
internal static class Repetition
{
    private const int Attempts = 3;

    [ThreadStatic]
    private static bool running;

    /// <summary>Whether this thread is within a computation.</summary>
    public static bool IsRunning => running;

    /// <summary>
    /// The result of a computation, at the third attempt at the latest. Within another one of this thread, only the outer one is repeated.
    /// </summary>
    /// <param name="compute">What another call computes from the same state to the same bits.</param>
    /// <param name="restore">Called after a failure: puts the state back, and returns whether this could be done.</param>
    public static T Of<T>(Func<T> compute, Func<bool> restore)
    {
        if (running)
        {
            return compute();
        }

        running = true;
        try
        {
            for (int attempt = 1; attempt < Attempts; attempt++)
            {
                try
                {
                    return compute();
                }
                catch (ExternalException error) when (IsFreedScalar(error))
                {
                    if (!restore()) // here and not in the filter, which runs before the scopes of the failed attempt end
                    {
                        throw;
                    }
                }
            }

            return compute();
        }
        finally
        {
            running = false;
        }
    }

    /// <summary>Whether this is how libtorch complains about a Scalar whose memory is free: its kind is none that exists.</summary>
    public static bool IsFreedScalar(ExternalException error)
    {
        string text = error.Message;
        bool isOfScalar = text.Contains("Scalar.h", StringComparison.Ordinal);
        return (isOfScalar && Starts("Expected false to be true", "Unknown scalar type", "false INTERNAL ASSERT"))
            || Starts("For integral input tensors, argument alpha must not be a floating point number");

        bool Starts(params string[] beginnings) => Array.Exists(beginnings, beginning => text.StartsWith(beginning, StringComparison.Ordinal));
    }
}
