using System.Reflection;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using TorchSharp;
using TorchSharp.Modules;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>No Scalar of the library is freed under a native call (docs/decisions/torchsharp-gc.md): its compiled code is read for calls that let one be.</summary>
[TestClass]
public sealed class ScalarTests
{
    private static readonly Assembly Torch = typeof(torch).Assembly;
    private static readonly Assembly[] Library = [typeof(ImageNetwork).Assembly, typeof(RobustAttributionImageClassificationTrainer).Assembly];
    private static readonly Type[] Holders = [typeof(ImageNetwork).Assembly.GetType("RobustAttribution.TensorOperations", true)!, typeof(ImageNetwork).Assembly.GetType("RobustAttribution.Number", true)!];

    /// <summary>TorchSharp's methods that make a Scalar nobody holds, or call one that does.</summary>
    private static readonly HashSet<MethodBase> Careless = FindCareless();

    [TestMethod]
    public void TheLibraryCallsNothingThatMakesATemporaryScalar()
        => AssertNone(
            from method in Library.SelectMany(CompiledCalls.Methods)
            from called in CompiledCalls.Of(method)
            where Careless.Contains(called) || MakesCarelessModule(called)
            select $"{NameOf(method)} calls {NameOf(called)}");

    [TestMethod]
    public void OnlyTheOperationsHandleScalars()
        => AssertNone(
            from method in Library.SelectMany(CompiledCalls.Methods)
            where !Holders.Contains(Outermost(method.DeclaringType!))
            from called in CompiledCalls.Of(method)
            where Makes(called) || Takes(called)
            select $"{NameOf(method)} calls {NameOf(called)}");

    [TestMethod]
    public void EveryOperationHoldsItsScalarsToTheEnd()
        => AssertNone(
            from method in CompiledCalls.Methods(Library[0])
            where Outermost(method.DeclaringType!) == Holders[0] && method.Name != ".cctor"
            let made = CompiledCalls.Of(method).Count(called => called is MethodInfo { ReturnType: var type } && type == typeof(Scalar) && called.Name == "ToScalar")
            let held = method.GetMethodBody()!.ExceptionHandlingClauses.Count(clause => clause.Flags == ExceptionHandlingClauseOptions.Finally)
            where made > held
            select $"{NameOf(method)} makes {made} Scalars and holds {held} with 'using'");

    [TestMethod]
    [DataRow(typeof(torch.Tensor), "square")]
    [DataRow(typeof(torch.Tensor), "op_Addition")]
    [DataRow(typeof(torch.nn.functional), "softplus")]
    [DataRow(typeof(BatchNorm), "forward")]
    [DataRow(typeof(AdamW), "step")]
    [DataRow(typeof(TensorExtensionMethods), "ToDouble")]
    public void WhatIsKnownToMakeATemporaryScalarIsFound(Type type, string name)
        => Assert.Contains(method => method.DeclaringType == type && method.Name == name, Careless);

    private static void AssertNone(IEnumerable<string> found)
    {
        string[] all = [.. found.Distinct()];
        Assert.IsEmpty(all, string.Join(Environment.NewLine, all));
    }

    private static HashSet<MethodBase> FindCareless()
    {
        ILookup<MethodBase, MethodBase> callers = CompiledCalls.Methods(Torch)
            .SelectMany(method => CompiledCalls.Of(method).Select(called => (method, called))).ToLookup(call => call.called, call => call.method);
        HashSet<MethodBase> found = [];
        Queue<MethodBase> open = new(callers.Where(calls => Makes(calls.Key)).SelectMany(calls => calls));
        while (open.TryDequeue(out MethodBase? method))
        {
            // What a module or a Scalar itself does is no property of who calls it.
            if (method.DeclaringType != typeof(Scalar) && !Makes(method) && found.Add(method) && !method.IsVirtual)
            {
                foreach (MethodBase caller in callers[method])
                {
                    open.Enqueue(caller);
                }
            }
        }

        return found;
    }

    private static bool Makes(MethodBase method)
        => (method.IsConstructor && method.DeclaringType == typeof(Scalar))
            || (method is MethodInfo { ReturnType: var type } && type == typeof(Scalar) && method.DeclaringType!.Assembly == Torch);

    private static bool Takes(MethodBase method)
        => method.DeclaringType?.Assembly == Torch && method.GetParameters().Any(parameter => parameter.ParameterType == typeof(Scalar));

    // A layer or an optimizer whose own work is careless, e.g. nn.LeakyReLU. Batch normalisation is so in training mode alone, and a training repeats its steps.
    private static bool MakesCarelessModule(MethodBase method)
    {
        Type? made = method is MethodInfo { IsStatic: true } factory ? factory.ReturnType : method.IsConstructor ? method.DeclaringType : null;
        return made?.Assembly == Torch && made != typeof(BatchNorm2d)
            && Careless.Any(work => work.Name is "forward" or "step" && work.DeclaringType!.IsAssignableFrom(made));
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static string NameOf(MethodBase method) => $"{method.DeclaringType}.{method}";
}
