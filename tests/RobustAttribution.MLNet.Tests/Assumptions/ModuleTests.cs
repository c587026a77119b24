using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>What TorchSharp's modules do with the tensors that pass through them and with those they own.</summary>
[TestClass]
public sealed class ModuleTests
{
    [TestMethod]
    public void SequentialDisposesOfWhatPassesBetweenItsPartsButNotOfAnAlias()
    {
        using var scope = NewDisposeScope();
        using ReLU first = nn.ReLU();
        using Sequential network = nn.Sequential(first, nn.Tanh());
        (Tensor? passed, Tensor? alias) = (null, null);
        first.register_forward_hook((_, _, output) =>
        {
            (passed, alias) = (output, output.alias());
            return output;
        });
        Assert.AreEqual(Math.Tanh(2), network.call(tensor(2.0)).ToDouble(), 1e-12);
        Assert.IsTrue(passed!.IsInvalid);
        Assert.AreEqual(2, alias!.ToDouble());
    }

    [TestMethod]
    public void AForwardHookReplacesTheOutputAndForwardBypassesIt()
    {
        using var scope = NewDisposeScope();
        using ReLU relu = nn.ReLU();
        using Tensor x = tensor(3.0);
        var hook = relu.register_forward_hook((_, input, output) => input + (output * 10));
        Assert.AreEqual(33, relu.call(x).ToDouble());
        Assert.AreEqual(3, relu.forward(x).ToDouble());
        hook.remove();
        Assert.AreEqual(3, relu.call(x).ToDouble());
    }

    [TestMethod]
    public void ATensorIsTheNativeOneInItsFieldHandle()
    {
        using var scope = NewDisposeScope();
        FieldInfo handle = typeof(Tensor).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic)!;
        Assert.AreEqual(typeof(nint), handle.FieldType);
        using Linear layer = nn.Linear(2, 1);
        Parameter weight = layer.weight;
        Tensor other = layer.weight.detach().to(ScalarType.BFloat16).requires_grad_(true);
        Exchange();
        Tensor y = nn.functional.linear(ones([1, 2], ScalarType.BFloat16), layer.weight).sum();
        Assert.AreEqual(ScalarType.BFloat16, autograd.grad([y], [layer.weight])[0].dtype);
        Assert.AreSame(weight, layer.named_parameters().First().parameter);
        Exchange();
        Assert.AreEqual(ScalarType.Float32, layer.weight.dtype);

        void Exchange()
        {
            object? former = handle.GetValue(weight);
            handle.SetValue(weight, handle.GetValue(other));
            handle.SetValue(other, former);
        }
    }

    [TestMethod]
    public void AHookInstalledAfterARemovalMayRunBeforeOlderOnes()
    {
        using var scope = NewDisposeScope();
        using ReLU relu = nn.ReLU();
        List<string> order = [];
        Action remove = Install("first");
        Install("second");
        remove();
        Install("third");
        relu.call(tensor(1.0));
        CollectionAssert.AreEqual(new[] { "third", "second" }, order);

        Action Install(string name) => relu.register_forward_hook((_, _, output) =>
        {
            order.Add(name);
            return output;
        }).remove;
    }

    [TestMethod]
    public void TheForwardHooksOfAModuleLieInAFieldInTheOrderOfTheirCalls()
    {
        using var scope = NewDisposeScope();
        using ReLU relu = nn.ReLU();
        List<string> order = [];
        Install("first");
        Install("second");
        var field = typeof(nn.Module<Tensor, Tensor>).GetField("post_hooks", BindingFlags.Instance | BindingFlags.NonPublic);
        var hooks = (Dictionary<string, Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>)field!.GetValue(relu)!;
        var before = hooks.ToArray();
        hooks.Clear();
        Install("third");
        Array.ForEach(before, hook => hooks.Add(hook.Key, hook.Value));
        relu.call(tensor(1.0));
        CollectionAssert.AreEqual(new[] { "third", "first", "second" }, order);

        void Install(string name) => relu.register_forward_hook((_, _, output) =>
        {
            order.Add(name);
            return output;
        });
    }

    [TestMethod]
    public void AParameterMadeInsideAScopeDiesWithItButNotThoseOfTorchSharpsLayers()
    {
        Parameter parameter;
        Linear layer;
        using (NewDisposeScope())
        {
            (parameter, layer) = (nn.Parameter(ones(2)), nn.Linear(2, 3));
        }

        Assert.IsTrue(parameter.IsInvalid);
        Assert.IsFalse(layer.weight!.IsInvalid);
        layer.Dispose();
    }

    [TestMethod]
    public void ConversionLeavesTheBatchCounterAnInteger()
    {
        using BatchNorm2d norm = nn.BatchNorm2d(2);
        norm.to(float64);
        Assert.AreEqual(float64, norm.running_mean!.dtype);
        Assert.AreEqual(int64, norm.num_batches_tracked!.dtype);
    }

    [TestMethod]
    public void InitialWeightsComeFromTheGlobalGeneratorWhoseStateCanBePutBack()
    {
        using var scope = NewDisposeScope();
        Tensor state = get_rng_state();
        double next = rand(1).ToDouble();
        foreach (Action draw in new Action[] { () => nn.Conv2d(1, 2, 3).Dispose(), () => nn.init.kaiming_normal_(empty(3, 3)) })
        {
            set_rng_state(state);
            draw();
            Assert.AreNotEqual(next, rand(1).ToDouble());
            set_rng_state(state);
            Assert.AreEqual(next, rand(1).ToDouble());
        }
    }

    [TestMethod]
    [DataRow("rand")]
    [DataRow("randn")]
    [DataRow("randperm")]
    public void AGeneratorDecidesTheDrawsAndLeavesTheGlobalOneAlone(string name)
    {
        using var scope = NewDisposeScope();
        using Generator first = new(42), same = new(42), resumed = new(1);
        Tensor global = get_rng_state();
        Assert.IsTrue(Draw(first).Equals(Draw(same)), "seed");
        resumed.set_state(first.get_state());
        Tensor next = Draw(first);
        Assert.IsTrue(next.Equals(Draw(resumed)), "state");
        Assert.IsFalse(next.Equals(Draw(first)), "the same again");
        Assert.IsTrue(global.Equals(get_rng_state()), "global");

        Tensor Draw(Generator generator) => name switch
        {
            "rand" => rand([50], generator: generator),
            "randn" => randn([50], generator: generator),
            _ => randperm(50, generator: generator),
        };
    }
}
