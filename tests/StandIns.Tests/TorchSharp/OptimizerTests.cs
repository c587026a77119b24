using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

/// <summary>Optimizers against their definition on plain numbers: f(w) = Σ aᵢwᵢ²/2 + sin wᵢ, gradient aᵢwᵢ + cos wᵢ.</summary>
[TestClass]
public sealed class OptimizerTests
{
    private const int Steps = 6;
    private static readonly double[] Curvature = [0.5, 2, 4];
    private static readonly double[] Start = [1, -2, 0.3];

    private delegate void Rule(double[] w, Func<int, double> gradient);

    [TestMethod]
    [DataRow(0.0, 0.0, 0.0, false)]
    [DataRow(0.9, 0.0, 0.0, false)]
    [DataRow(0.9, 0.0, 0.01, true)]
    [DataRow(0.8, 0.3, 0.02, false)]
    public void SgdFollowsItsDefinition(double momentum, double dampening, double decay, bool nesterov)
    {
        var buffer = new double[3];
        var first = true;
        Compare(
            parameters => optim.SGD(parameters, 0.1, momentum, dampening, decay, nesterov),
            (w, gradient) =>
            {
                for (var i = 0; i < w.Length; i++)
                {
                    var g = gradient(i) + (decay * w[i]);
                    buffer[i] = first ? g : (momentum * buffer[i]) + ((1 - dampening) * g);
                    w[i] -= 0.1 * (momentum == 0 ? g : nesterov ? g + (momentum * buffer[i]) : buffer[i]);
                }
                first = false;
            });
    }

    [TestMethod]
    [DataRow(false, 0.0, false)]
    [DataRow(false, 0.1, false)]
    [DataRow(false, 0.1, true)]
    [DataRow(true, 0.1, false)]
    [DataRow(true, 0.0, true)]
    public void AdamFollowsItsDefinition(bool decoupled, double decay, bool amsgrad)
    {
        double[] mean = new double[3], square = new double[3], largest = new double[3];
        var step = 0;
        Compare(
            parameters => decoupled
                ? optim.AdamW(parameters, 0.05, 0.8, 0.95, 1e-6, decay, amsgrad)
                : optim.Adam(parameters, 0.05, 0.8, 0.95, 1e-6, decay, amsgrad),
            (w, gradient) =>
            {
                step++;
                for (var i = 0; i < w.Length; i++)
                {
                    var g = gradient(i) + (decoupled ? 0 : decay * w[i]);
                    if (decoupled) w[i] -= 0.05 * decay * w[i];
                    mean[i] = (0.8 * mean[i]) + (0.2 * g);
                    square[i] = (0.95 * square[i]) + (0.05 * g * g);
                    largest[i] = Math.Max(largest[i], square[i]);
                    var spread = (amsgrad ? largest[i] : square[i]) / (1 - Math.Pow(0.95, step));
                    w[i] -= 0.05 * mean[i] / (1 - Math.Pow(0.8, step)) / (Math.Sqrt(spread) + 1e-6);
                }
            });
    }

    [TestMethod]
    public void GroupsHaveTheirOwnOptions()
    {
        using var scope = NewDisposeScope();
        Parameter body = Weights(), head = Weights();
        using var optimizer = optim.SGD(
            [new SGD.ParamGroup([body], lr: 0.1), new SGD.ParamGroup([head], lr: 1.0, weight_decay: 0.5)], learningRate: 0.3);
        (body.sum() + head.sum()).backward();
        optimizer.step();
        Numbers.AreClose(Start.Select(w => w - 0.1), body);
        Numbers.AreClose(Start.Select(w => w - 1 - (0.5 * w)), head);
        CollectionAssert.AreEqual(new[] { 0.1, 1.0 }, optimizer.ParamGroups.Select(group => group.LearningRate).ToArray());

        foreach (var group in optimizer.ParamGroups) group.LearningRate = 0;
        optimizer.step();
        Numbers.AreClose(Start.Select(w => w - 0.1), body);
    }

    [TestMethod]
    public void ClosureIsRecordedAndItsLossComesBack()
    {
        using var scope = NewDisposeScope();
        var weights = Weights();
        using var optimizer = optim.SGD([weights], 0.1);
        using var detached = no_grad();
        var loss = optimizer.step(() =>
        {
            optimizer.zero_grad();
            var value = weights.sum();
            value.backward();
            return value;
        });
        Assert.AreEqual(Start.Sum(), loss!.ToDouble(), 1e-12);
        Numbers.AreClose(Start.Select(w => w - 0.1), weights);
    }

    [TestMethod]
    public void GradientsAccumulateUntilZeroed()
    {
        using var scope = NewDisposeScope();
        var weights = Weights();
        using var optimizer = optim.SGD([weights], 0.1);
        weights.sum().backward();
        weights.sum().backward();
        optimizer.step();
        Numbers.AreClose(Start.Select(w => w - 0.2), weights);
        optimizer.zero_grad();
        optimizer.step();
        Numbers.AreClose(Start.Select(w => w - 0.2), weights);
    }

    [TestMethod]
    public void ParameterWithoutGradientStays()
    {
        using var scope = NewDisposeScope();
        Parameter used = Weights(), unused = Weights();
        using var optimizer = optim.AdamW([used, unused], 0.1, weight_decay: 0.1);
        used.sum().backward();
        optimizer.step();
        Numbers.AreClose(Start, unused);
        Assert.AreNotEqual(Start[0], used[0].ToDouble());
    }

    [TestMethod]
    [DataRow("SGD")]
    [DataRow("Adam")]
    [DataRow("AdamW")]
    public void SavedStateResumesBitForBit(string name)
    {
        using var scope = NewDisposeScope();
        OptimizerHelper Make(Parameter parameter) => name switch
        {
            "SGD" => optim.SGD([parameter], 0.1, momentum: 0.9),
            "Adam" => optim.Adam([parameter], 0.1, amsgrad: true),
            _ => optim.AdamW([parameter], 0.1, weight_decay: 0.1),
        };
        Parameter whole = Weights(), resumed = Weights();
        using OptimizerHelper uninterrupted = Make(whole), before = Make(resumed);
        for (var i = 0; i < 3; i++) Step(uninterrupted, whole);
        for (var i = 0; i < 3; i++) Step(before, resumed);
        before.ParamGroups.First().LearningRate = 0.02;
        uninterrupted.ParamGroups.First().LearningRate = 0.02;
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);
        before.save_state_dict(writer);
        writer.Flush();
        stream.Position = 0;

        using var after = Make(resumed);
        after.load_state_dict(new BinaryReader(stream));
        Assert.AreEqual(0.02, after.ParamGroups.First().LearningRate);
        for (var i = 0; i < 3; i++) Step(uninterrupted, whole);
        for (var i = 0; i < 3; i++) Step(after, resumed);
        CollectionAssert.AreEqual(Numbers.Of(whole), Numbers.Of(resumed));
    }

    [TestMethod]
    public void ImpossibleOptionsAreErrors()
    {
        using var scope = NewDisposeScope();
        var weights = Weights();
        Assert.Throws<ArgumentException>(() => optim.SGD([weights], -1));
        Assert.Throws<ArgumentException>(() => optim.SGD([weights], 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => optim.Adam([weights], beta1: 1));
        Assert.Throws<ArgumentException>(() => optim.AdamW([weights], eps: -1));
    }

    [TestMethod]
    public void ClippingScalesToTheNorm()
    {
        using var scope = NewDisposeScope();
        Parameter three = Weights(), four = Weights();
        using var optimizer = optim.SGD([three, four], 1);
        ((three * 3).sum() + (four * 4).sum()).backward();
        var norm = Math.Sqrt(3 * (9 + 16));
        Assert.AreEqual(norm, nn.utils.clip_grad_norm_([three, four], 0.5), 1e-9);
        optimizer.step();
        var factor = 0.5 / (norm + 1e-6);
        Numbers.AreClose(Start.Select(w => w - (3 * factor)), three);
        Numbers.AreClose(Start.Select(w => w - (4 * factor)), four);
        nn.utils.clip_grad_norm_([three, four], 100);
        optimizer.step();
        Numbers.AreClose(Start.Select(w => w - (6 * factor)), three);
    }

    private static Parameter Weights() => nn.Parameter(tensor(Start));

    private static void Step(OptimizerHelper optimizer, Parameter weights)
    {
        optimizer.zero_grad();
        ((weights * weights * tensor(Curvature) / 2) + weights.sin()).sum().backward();
        optimizer.step();
    }

    private static void Compare(Func<IEnumerable<Parameter>, OptimizerHelper> make, Rule rule)
    {
        using var scope = NewDisposeScope();
        var weights = Weights();
        double[] reference = [.. Start];
        using var optimizer = make([weights]);
        for (var step = 0; step < Steps; step++)
        {
            Step(optimizer, weights);
            var old = reference.ToArray();
            rule(reference, i => (Curvature[i] * old[i]) + Math.Cos(old[i]));
            Numbers.AreClose(reference, weights, 1e-12, $"step {step}");
        }
    }
}
