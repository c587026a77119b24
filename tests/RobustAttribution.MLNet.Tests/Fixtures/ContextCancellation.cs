using System.Reflection;
using Microsoft.ML;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>Cancels a context as its tools do; the method is not public in ML.NET.</summary>
internal static class ContextCancellation
{
    public static void Cancel(this MLContext context)
        => typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.Invoke(context, null);
}
