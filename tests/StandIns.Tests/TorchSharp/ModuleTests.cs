using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class ModuleTests
{
    /// <summary>Sub-modules, a parameter and a buffer in fields.</summary>
    private sealed class Residual : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d conv;
        private readonly BatchNorm2d norm;
        private readonly ModuleList<nn.Module<Tensor, Tensor>> tail;
        private readonly Parameter scale;
        private readonly Tensor offset;

        internal Residual() : base(nameof(Residual))
        {
            conv = nn.Conv2d(2, 2, 3, 1, 1, bias: false);
            norm = nn.BatchNorm2d(2);
            tail = nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.ReLU(), nn.Conv2d(2, 1, 1));
            scale = nn.Parameter(tensor(2f));
            offset = tensor(0.5f);
            RegisterComponents();
        }

        internal Parameter Scale => scale;

        public override Tensor forward(Tensor input) =>
            tail.Aggregate(input + norm.call(conv.call(input)), (x, part) => part.call(x)) * scale + offset;
    }

    private static readonly string[] ResidualParameters =
        ["scale", "conv.weight", "norm.weight", "norm.bias", "tail.1.weight", "tail.1.bias"];

    private static readonly string[] ResidualBuffers = ["offset", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"];

    [TestMethod]
    public void FieldsAreRegistered()
    {
        using var module = new Residual();
        CollectionAssert.AreEqual(ResidualParameters, module.named_parameters().Select(it => it.name).ToArray());
        CollectionAssert.AreEqual(ResidualBuffers, module.named_buffers().Select(it => it.name).ToArray());
        CollectionAssert.AreEqual(new[] { "conv", "norm", "tail" }, module.named_children().Select(it => it.name).ToArray());
        CollectionAssert.AreEquivalent(new[] { "conv", "norm", "tail", "tail.0", "tail.1" }, module.named_modules().Select(it => it.name).ToArray());
        CollectionAssert.AreEqual(ResidualParameters.Concat(ResidualBuffers).ToArray(), module.state_dict().Keys.ToArray());
        Assert.AreSame(module.Scale, module.get_parameter("scale"));
        Numbers.HasShape([2, 2, 3, 3], module.get_parameter("conv.weight")!);
        Assert.IsTrue(module.has_buffer("norm.running_var"));
        Assert.IsFalse(module.has_parameter("norm.running_var"));
        Assert.IsNull((object?)module.get_parameter("conv.bias"));
    }

    [TestMethod]
    public void RegistrationByNameRefusesNonsense()
    {
        using var module = nn.Sequential(nn.ReLU());
        module.register_buffer("mean", zeros([1]));
        Assert.Throws<InvalidOperationException>(() => module.register_buffer("mean", zeros([1])));
        Assert.Throws<ArgumentNullException>(() => module.register_buffer("other", null!));
        module.register_module("child", nn.ReLU());
        Assert.Throws<InvalidOperationException>(() => module.register_module("child", nn.ReLU()));
        Assert.Throws<ArgumentException>(() => module.register_module("a.b", nn.ReLU()));
        module.register_parameter("p", nn.Parameter(zeros([1])));
        Assert.Throws<InvalidOperationException>(() => module.register_parameter("p", nn.Parameter(zeros([1]))));
    }

    [TestMethod]
    public void TrainAndEvalReachAllParts()
    {
        using var module = new Residual();
        Assert.IsTrue(module.training);
        module.eval();
        Assert.IsTrue(!module.training && module.children().All(child => !child.training));
        module.train();
        Assert.IsTrue(module.training && module.children().All(child => child.training));
        var visited = new List<nn.Module>();
        module.apply(visited.Add);
        Assert.HasCount(6, visited);
        Assert.AreSame(module, visited[^1]);
    }

    [TestMethod]
    public void ConversionReplacesParametersAndFields()
    {
        using var scope = NewDisposeScope();
        using var module = new Residual();
        var input = randn([1, 2, 4, 4], float64);
        module.eval();
        var before = module.call(input.to(float32));
        Assert.AreSame(module, module.to(float64));
        Assert.IsTrue(module.parameters().All(parameter => parameter.dtype == float64 && parameter.requires_grad));
        Assert.AreEqual(float64, module.Scale.dtype);
        Assert.AreSame(module.Scale, module.get_parameter("scale"));
        var after = module.call(input);
        Assert.AreEqual(float64, after.dtype);
        Numbers.AreClose(Numbers.Of(before), after, 1e-5);
        Assert.AreSame(module, module.to(CPU));
    }

    [TestMethod]
    public void SequentialRunsAndNamesItsParts()
    {
        using var scope = NewDisposeScope();
        using var numbered = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2));
        CollectionAssert.AreEqual(
            new[] { "0.weight", "0.bias", "2.weight", "2.bias" }, numbered.named_parameters().Select(it => it.name).ToArray());
        using var named = nn.Sequential(("first", nn.Flatten()), ("second", nn.Linear(6, 2)));
        CollectionAssert.AreEqual(new[] { "second.weight", "second.bias" }, named.state_dict().Keys.ToArray());
        Numbers.HasShape([5, 2], named.call(ones([5, 2, 3])));

        var x = Numbers.Normal(1, 5, 3).to(float32);
        var hidden = nn.functional.relu(((nn.Module<Tensor, Tensor>)numbered[0]).call(x));
        Numbers.AreClose(Numbers.Of(((nn.Module<Tensor, Tensor>)numbered[2]).call(hidden)), numbered.call(x), 1e-6);
        Assert.IsFalse(x.IsInvalid);
        Assert.AreEqual(3, numbered.Count);
        using var head = numbered[..2];
        Numbers.AreClose(Numbers.Of(hidden), head.call(x), 1e-6);
        using var grown = nn.Sequential().append("a", nn.Identity()).append(nn.ReLU());
        CollectionAssert.AreEqual(new[] { "a", "1" }, grown.named_children().Select(it => it.name).ToArray());
        Numbers.AreClose([1], nn.Sequential().call(ones([1])));
    }

    [TestMethod]
    public void HooksSeeAndChangeCalls()
    {
        using var scope = NewDisposeScope();
        using var module = nn.ReLU();
        var seen = new List<string>();
        var before = module.register_forward_pre_hook((_, input) =>
        {
            seen.Add("pre");
            return input - 1;
        });
        var after = module.register_forward_hook((_, input, output) =>
        {
            seen.Add($"post {input.ToSingle()} {output.ToSingle()}");
            return output * 10;
        });
        Numbers.AreClose([20], module.call(tensor(3f)));
        CollectionAssert.AreEqual(new[] { "pre", "post 2 2" }, seen);
        before.remove();
        Numbers.AreClose([30], module.call(tensor(3f)));
        after.remove();
        Numbers.AreClose([3], module.call(tensor(3f)));
        Assert.HasCount(3, seen);
    }

    [TestMethod]
    public void DisposalReachesEverything()
    {
        var module = new Residual();
        var parameters = module.parameters().ToList();
        var buffers = module.buffers().ToList();
        module.Dispose();
        module.Dispose();
        Assert.IsTrue(parameters.All(parameter => parameter.IsInvalid));
        Assert.IsTrue(buffers.All(buffer => buffer.IsInvalid));
    }

    [TestMethod]
    public void ParameterTakesTheTensorOver()
    {
        var data = ones([2]);
        using var parameter = nn.Parameter(data);
        Assert.IsTrue(data.IsInvalid);
        Assert.IsTrue(parameter.requires_grad && parameter.is_leaf);
        using var frozen = nn.Parameter(ones([2]), requires_grad: false);
        Assert.IsFalse(frozen.requires_grad);
    }

    [TestMethod]
    public void WeightsCanBeReplaced()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(2, 1);
        layer.weight = nn.Parameter(tensor(new float[,] { { 3, 4 } }));
        layer.bias = nn.Parameter(tensor([5f]));
        Numbers.AreClose([12], layer.call(ones([1, 2])));
        using var open = nn.Linear(2, 1, hasBias: false);
        Assert.IsNull((object?)open.bias);
    }

    [TestMethod]
    public void LayersRefuseInputsOfTheWrongShape()
    {
        using var scope = NewDisposeScope();
        using var convolution = nn.Conv2d(3, 4, 3);
        Assert.Throws<SystemException>(() => convolution.call(ones([1, 2, 8, 8])));
        using var norm = nn.BatchNorm2d(3);
        Assert.Throws<SystemException>(() => norm.call(ones([3, 8, 8])));
    }
}
