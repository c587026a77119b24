using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class DisposeScopeTests
{
    [TestMethod]
    public void ScopeDisposesWhatWasMadeInIt()
    {
        var before = ones([2]);
        Tensor inside, kept;
        using (NewDisposeScope())
        {
            inside = before * 2;
            kept = (before * 3).DetachFromDisposeScope();
        }
        Assert.IsTrue(inside.IsInvalid);
        Assert.IsFalse(before.IsInvalid);
        Numbers.AreClose([3, 3], kept);
        before.Dispose();
        kept.Dispose();
    }

    [TestMethod]
    public void ResultsMoveOutwards()
    {
        var outer = NewDisposeScope();
        Tensor first, second, third;
        using (var inner = NewDisposeScope())
        {
            first = ones([1]).MoveToOuterDisposeScope();
            (second, third) = inner.MoveToOuter(ones([1]), ones([1]));
            Assert.AreEqual(0, inner.DisposablesCount);
        }
        Assert.IsFalse(first.IsInvalid || second.IsInvalid || third.IsInvalid);
        Assert.AreEqual(3, outer.DisposablesCount);
        Assert.IsTrue(outer.Contains(first));
        outer.DisposeEverythingBut(first);
        Assert.IsFalse(first.IsInvalid);
        Assert.IsTrue(second.IsInvalid && third.IsInvalid);
        outer.Dispose();
        Assert.IsTrue(first.IsInvalid);
    }

    [TestMethod]
    public void ScopeSurvivesAnException()
    {
        Tensor? inside = null;
        Assert.Throws<InvalidOperationException>(() =>
        {
            using var scope = NewDisposeScope();
            inside = ones([1]);
            throw new InvalidOperationException();
        });
        Assert.IsTrue(inside!.IsInvalid);
        using var after = ones([1]);
        using (NewDisposeScope()) { }
        Assert.IsFalse(after.IsInvalid);
    }

    [TestMethod]
    public void ModuleBuiltOutsideLivesOn()
    {
        using var outside = nn.Linear(2, 3);
        List<Parameter> lost;
        using (NewDisposeScope())
        {
            lost = [.. nn.Linear(2, 3).parameters()];
            outside.call(ones([1, 2]));
        }
        Assert.AreEqual(2, outside.parameters().Count(parameter => !parameter.IsInvalid));
        Assert.AreEqual(2, lost.Count(parameter => parameter.IsInvalid));
    }

    [TestMethod]
    public void StatisticsCountThisThread()
    {
        var statistics = DisposeScopeManager.Statistics;
        statistics.Reset();
        using var outside = ones([1]);
        using (NewDisposeScope())
        {
            var disposed = ones([1]);
            disposed.Dispose();
            ones([1]);
            ones([1]).DetachFromDisposeScope().Dispose();
            Assert.AreEqual(1, statistics.ThreadTotalLiveCount);
        }
        Assert.AreEqual(1, statistics.CreatedOutsideScopeCount);
        Assert.AreEqual(3, statistics.CreatedInScopeCount);
        Assert.AreEqual(2, statistics.DisposedInScopeCount);
        Assert.AreEqual(1, statistics.DetachedFromScopeCount);
        Assert.AreEqual(0, statistics.ThreadTotalLiveCount);
    }

    [TestMethod]
    public void ScopesOfThreadsAreSeparate()
    {
        using var scope = NewDisposeScope();
        Tensor? theirs = null;
        var thread = new Thread(() => theirs = ones([1]));
        thread.Start();
        thread.Join();
        scope.DisposeEverything();
        Assert.IsFalse(theirs!.IsInvalid);
        theirs.Dispose();
    }

    [TestMethod]
    public void OptimizerStateOutlivesTheScopeOfAStep()
    {
        using var layer = nn.Linear(2, 1);
        using var optimizer = optim.SGD(layer.parameters(), 0.1, momentum: 0.9);
        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            layer.call(ones([4, 2])).sum().backward();
            optimizer.step();
        }
        Assert.IsTrue(layer.parameters().All(parameter => !parameter.IsInvalid));
    }
}
