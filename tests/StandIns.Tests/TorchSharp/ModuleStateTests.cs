using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class ModuleStateTests
{
    private static Sequential Network() => nn.Sequential(
        ("conv", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("act", nn.Softplus(3)), ("flat", nn.Flatten()), ("fc", nn.Linear(8, 3)));

    [TestMethod]
    public void SavedStateComesBackBitForBit()
    {
        using var scope = NewDisposeScope();
        using Sequential saved = Network(), loaded = Network();
        for (var i = 0; i < 3; i++) saved.call(randn([5, 1, 4, 4]));
        var stream = new MemoryStream();
        saved.save(stream);
        Assert.IsFalse(stream.CanRead, "save closes the stream");

        loaded.load(new MemoryStream(stream.ToArray()));
        var expected = saved.state_dict();
        foreach (var (key, tensor) in loaded.state_dict()) Assert.IsTrue(tensor.Equals(expected[key]), key);
        Assert.AreEqual(3, ((BatchNorm2d)loaded[1]).num_batches_tracked!.ToInt64());
        saved.eval();
        loaded.eval();
        var x = randn([2, 1, 4, 4]);
        Assert.IsTrue(saved.call(x).Equals(loaded.call(x)));
        Assert.IsTrue(loaded.parameters().All(parameter => parameter.requires_grad));
    }

    [TestMethod]
    public void FileRoundTrip()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using Linear saved = nn.Linear(3, 2), loaded = nn.Linear(3, 2);
            saved.save(path);
            loaded.load(path);
            Assert.IsTrue(saved.weight!.Equals(loaded.weight!));
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Throws<FileNotFoundException>(() => nn.Linear(3, 2).load(path));
    }

    [TestMethod]
    public void OtherArchitectureIsRefused()
    {
        using var scope = NewDisposeScope();
        byte[] Save(nn.Module module)
        {
            var stream = new MemoryStream();
            module.save(stream);
            return stream.ToArray();
        }
        var narrow = Save(nn.Sequential(("a", nn.Linear(2, 2))));
        using var other = nn.Sequential(("b", nn.Linear(2, 2)));
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => other.load(new MemoryStream(narrow))).Message, "a.weight");
        using var wide = nn.Sequential(("a", nn.Linear(3, 2)));
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => wide.load(new MemoryStream(narrow))).Message, "shape");
        using var longer = nn.Sequential(("a", nn.Linear(2, 2)), ("b", nn.Linear(2, 2)));
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => longer.load(new MemoryStream(narrow))).Message, "4");
        var weight = ((Linear)longer[0]).weight!.clone();
        longer.load(new MemoryStream(narrow), strict: false);
        Assert.IsFalse(weight.Equals(((Linear)longer[0]).weight!));
        using var truncated = nn.Sequential(("a", nn.Linear(2, 2)));
        Assert.Throws<SystemException>(() => truncated.load(new MemoryStream(narrow[..^3])));
    }

    [TestMethod]
    public void StateDictionariesCopy()
    {
        using var scope = NewDisposeScope();
        using Linear from = nn.Linear(3, 2), to = nn.Linear(3, 2);
        var (missing, unexpected) = to.load_state_dict(from.state_dict());
        Assert.IsTrue(missing.Count == 0 && unexpected.Count == 0);
        Assert.IsTrue(from.weight!.Equals(to.weight!));
        Assert.AreNotEqual(from.weight!.Handle, to.weight!.Handle);

        var partial = new Dictionary<string, Tensor> { ["weight"] = zeros([2, 3]), ["extra"] = zeros([1]) };
        Assert.Throws<InvalidOperationException>(() => to.load_state_dict(partial));
        (missing, unexpected) = to.load_state_dict(partial, strict: false);
        CollectionAssert.AreEqual(new[] { "bias" }, missing.ToArray());
        CollectionAssert.AreEqual(new[] { "extra" }, unexpected.ToArray());
        Numbers.AreClose(new double[6], to.weight!);
    }

    [TestMethod]
    public void BatchNormKeepsRunningStatistics()
    {
        using var scope = NewDisposeScope();
        using var norm = nn.BatchNorm2d(2);
        var x = (Numbers.Normal(3, 4, 2, 3, 3) * 2) + 1;
        norm.to(float64);
        norm.call(x);
        for (var channel = 0; channel < 2; channel++)
        {
            var values = Numbers.Of(x[.., channel]);
            var mean = values.Average();
            var variance = values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
            Assert.AreEqual(0.1 * mean, norm.running_mean![channel].ToDouble(), 1e-12);
            Assert.AreEqual(0.9 + (0.1 * variance), norm.running_var![channel].ToDouble(), 1e-12);
        }
        var kept = norm.running_mean!.clone();
        norm.eval();
        norm.call(x);
        Assert.IsTrue(kept.Equals(norm.running_mean!));
        norm.reset_running_stats();
        Numbers.AreClose([0, 0], norm.running_mean!);
        Numbers.AreClose([1, 1], norm.running_var!);
    }
}
