using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class AutogradTests
{
    [TestMethod]
    public void CubeHasAllItsDerivatives()
    {
        using var scope = NewDisposeScope();
        var x = tensor([-1.5, 0.5, 2.0]).requires_grad_();
        var first = autograd.grad([x.pow(3).sum()], [x], retain_graph: true, create_graph: true)[0];
        var second = autograd.grad([first.sum()], [x], retain_graph: true, create_graph: true)[0];
        var third = autograd.grad([second.sum()], [x], retain_graph: true, create_graph: true)[0];

        Numbers.AreClose([6.75, 0.75, 12], first);
        Numbers.AreClose([-9, 3, 12], second);
        Numbers.AreClose([6, 6, 6], third);
    }

    [TestMethod]
    public void GradOutputsWeightTheOutputs()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1.0, 2.0, 3.0]).requires_grad_();
        var gradients = autograd.grad([x.pow(2), x.exp()], [x], [tensor([1.0, 10, 100]), tensor([0.0, 0, 1])]);
        Numbers.AreClose([2, 40, 600 + Math.Exp(3)], gradients[0]);
    }

    [TestMethod]
    public void RetainedGraphCanBeUsedAgain()
    {
        using var scope = NewDisposeScope();
        var x = tensor([2.0]).requires_grad_();
        var y = x.exp().sum();
        autograd.grad([y], [x], retain_graph: true);
        Numbers.AreClose([Math.Exp(2)], autograd.grad([y], [x])[0]);
    }

    [TestMethod]
    public void GradientOfUnusedInputIsInvalidButNotNull()
    {
        using var scope = NewDisposeScope();
        var used = tensor([1.0]).requires_grad_();
        var unused = tensor([1.0]).requires_grad_();
        var gradients = autograd.grad([used * 2], [used, unused], allow_unused: true);
        Assert.HasCount(2, gradients);
        Assert.IsFalse(gradients[0].IsInvalid);
        Assert.IsNotNull((object)gradients[1]);
        Assert.IsTrue(gradients[1].IsInvalid);
    }

    /// <summary>The original lets these errors of libtorch end the process.</summary>
    [TestMethod]
    [TestCategory("StandInOnly")]
    public void WrongUseIsAnException()
    {
        Numbers.RequireStandIn();
        using var scope = NewDisposeScope();
        var x = tensor([1.0, 2.0]).requires_grad_();
        void Fails(string message, Action action) => StringAssert.Contains(Assert.Throws<ExternalException>(action).Message, message);

        var y = x.exp().sum();
        autograd.grad([y], [x], create_graph: true);
        Fails("backward through the graph a second time", () => autograd.grad([y], [x]));
        Fails("backward through the graph a second time", () => y.backward());
        Fails("grad can be implicitly created only for scalar outputs", () => autograd.grad([x * 2], [x]));
        Fails("does not require grad", () => autograd.grad([tensor(1.0)], [x]));
        Fails("appears to not have been used in the graph", () => autograd.grad([x.sum()], [x, tensor([1.0]).requires_grad_()]));
    }

    [TestMethod]
    public void ModesNestAndComeBackAfterAnException()
    {
        Assert.IsTrue(is_grad_enabled());
        using (no_grad())
        {
            Assert.IsFalse(is_grad_enabled());
            using (enable_grad()) Assert.IsTrue(is_grad_enabled());
            using (enable_grad(false)) Assert.IsFalse(is_grad_enabled());
            using (set_grad_enabled(true)) Assert.IsTrue(is_grad_enabled());
            Assert.IsFalse(is_grad_enabled());
            Assert.Throws<InvalidOperationException>(Fail);
            Assert.IsFalse(is_grad_enabled());
        }
        Assert.IsTrue(is_grad_enabled());

        static void Fail()
        {
            using var recorded = enable_grad();
            throw new InvalidOperationException();
        }
    }

    [TestMethod]
    public void ModeBelongsToItsThread()
    {
        using var detached = no_grad();
        var elsewhere = false;
        var thread = new Thread(() => elsewhere = is_grad_enabled());
        thread.Start();
        thread.Join();
        Assert.IsTrue(elsewhere);
        Assert.IsFalse(is_grad_enabled());
    }

    [TestMethod]
    public void NothingIsRecordedWithoutGrad()
    {
        using var scope = NewDisposeScope();
        var x = tensor([3.0]).requires_grad_();
        using (no_grad())
        {
            var y = x * 2;
            Assert.IsFalse(y.requires_grad);
            Assert.IsTrue(y.is_leaf);
        }
        var recorded = x * 2;
        Assert.IsTrue(recorded.requires_grad);
        Assert.IsFalse(recorded.is_leaf);
        var detached = recorded.detach();
        Assert.IsFalse(detached.requires_grad);
        detached.mul_(10);
        Numbers.AreClose([60], recorded);
    }

    [TestMethod]
    public void OnlyFloatingPointTensorsRequireGrad()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => tensor([1L]).requires_grad_());
        StringAssert.Contains(error.Message, "floating point");
        Assert.IsTrue(tensor([1.0], requires_grad: true).requires_grad);
        Assert.IsTrue(zeros([2], requires_grad: true).requires_grad);
    }

    [TestMethod]
    public void LeafThatRequiresGradCannotBeChangedInPlace()
    {
        using var scope = NewDisposeScope();
        var x = ones([2]).requires_grad_();
        var error = Assert.Throws<ExternalException>(() => x.add_(1));
        StringAssert.Contains(error.Message, "a leaf Variable that requires grad");
        using (no_grad()) x.add_(1);
        Numbers.AreClose([2, 2], x);
    }
}
