using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class LifetimeTests
{
    [TestMethod]
    public void DisposedTensorsAreRefused()
    {
        var gone = ones([2, 2]);
        using var alive = ones([2, 2]);
        gone.Dispose();
        gone.Dispose();
        Assert.IsTrue(gone.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => gone + 1);
        Assert.Throws<InvalidOperationException>(() => alive + gone);
        Assert.Throws<InvalidOperationException>(() => gone.shape);
        Assert.Throws<InvalidOperationException>(() => gone.data<float>());
        Assert.Throws<InvalidOperationException>(() => gone.requires_grad = true);
        Assert.Throws<InvalidOperationException>(() => cat([alive, gone]));
        Assert.Throws<InvalidOperationException>(() => gone.backward());
        Assert.Throws<InvalidOperationException>(() => alive[0] = gone);
    }

    [TestMethod]
    public void AliasesAndViewsOutliveTheirSource()
    {
        using var scope = NewDisposeScope();
        var source = arange(6, dtype: float64).reshape(2, 3);
        Tensor alias = source.alias(), row = source[1];
        source.Dispose();
        Numbers.AreClose([0, 1, 2, 3, 4, 5], alias);
        Numbers.AreClose([3, 4, 5], row);
        alias.fill_(7);
        Numbers.AreClose([7, 7, 7], row);
    }

    [TestMethod]
    public void GraphKeepsWhatItNeeds()
    {
        using var x = tensor([2.0]).requires_grad_();
        Tensor output;
        using (var scope = NewDisposeScope()) output = (x.exp() * x.sin()).MoveToOuterDisposeScope();
        using var gradient = autograd.grad([output], [x])[0];
        Numbers.AreClose([Math.Exp(2) * (Math.Sin(2) + Math.Cos(2))], gradient);
        output.Dispose();
    }

    [TestMethod]
    public void CountReturnsToWhatItWas()
    {
        var before = Settled();
        using (NewDisposeScope())
        {
            using var layer = nn.Linear(20, 20);
            for (var i = 0; i < 20; i++) layer.call(ones([4, 20])).relu().sum().backward();
            Assert.IsGreaterThan(before, Tensor.TotalCount);
        }
        Assert.AreEqual(before, Settled());
    }

    [TestMethod]
    public void ForgottenTensorsAreCollectedFromAnyThread()
    {
        var before = Settled();
        Task.WaitAll(Enumerable.Range(0, 4).Select(seed => Task.Factory.StartNew(() => Litter(seed), TaskCreationOptions.LongRunning)).ToArray());
        Assert.AreEqual(before, Settled());

        static void Litter(int seed)
        {
            using var generator = new Generator((ulong)seed);
            var x = rand([32], generator: generator).requires_grad_();
            for (var i = 0; i < 300; i++)
            {
                var loss = (x * i).sin().pow(2).sum();
                var gradient = autograd.grad([loss], [x], retain_graph: true, create_graph: true)[0];
                if (i % 3 == 0) gradient.Dispose();
                if (i % 50 == 0) GC.Collect(0);
            }
        }
    }

    [TestMethod]
    public void ThreadsShareTensors()
    {
        using var shared = Numbers.Normal(1, 64, 64);
        using var expected = shared.matmul(shared);
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            using var product = shared.matmul(shared);
            using var alias = shared.alias();
            Assert.IsTrue(product.Equals(expected));
        });
    }

    [TestMethod]
    public void ResultOfOneThreadIsDisposedByAnother()
    {
        var tensors = new Tensor[100];
        Parallel.For(0, tensors.Length, i => tensors[i] = full([10], i));
        Parallel.For(0, tensors.Length, i => tensors[^(i + 1)].Dispose());
        Assert.IsTrue(tensors.All(tensor => tensor.IsInvalid));
    }

    [TestMethod]
    public void ThreadCountCanBeSet()
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            Assert.AreEqual(1, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static long Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Tensor.TotalCount;
    }
}
