using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Serialization;

/// <summary>What cannot be written says why, and what is lost on the way is found.</summary>
[TestClass]
public sealed class ComponentJsonTests
{
    [TestMethod]
    public void AnUnknownTypeIsToldToBeRegistered()
    {
        string json = ComponentJson.Write<NetworkArchitecture>(NetworkArchitecture.LeNet).Replace(nameof(LeNetArchitecture), "MyNet", StringComparison.Ordinal);
        string message = Assert.ThrowsExactly<FormatException>(() => ComponentJson.Read<NetworkArchitecture>(json)).Message;
        StringAssert.Contains(message, "MyNet");
        StringAssert.Contains(message, "ComponentJson.Register<T>()");
    }

    [TestMethod]
    public void AnUnregisteredTypeIsNamedWithWhatToDoWhereverItIs()
    {
        string itself = Assert.ThrowsExactly<NotSupportedException>(() => ComponentJson.Write<LocalPerturbation>(new Unregistered())).Message;
        StringAssert.Contains(itself, "Unregistered is not registered");
        StringAssert.Contains(itself, "ComponentJson.Register<Unregistered>()");
        ITrainingObjective around = new LocalGradientAlignment { Perturbation = new Unregistered() };
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => ComponentJson.Write(around)).Message, "ComponentJson.Register<Unregistered>()");
        var card = new NetworkCard(new Stages(), new InputSpecification(1, 8, 8), 3, Activation.Relu);
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(card.ToJson).Message, "ComponentJson.Register<Stages>()");
    }

    [TestMethod]
    public void AnOptionThatJsonCannotHoldIsNamed()
    {
        ComponentJson.Register<Delegating>();
        NetworkArchitecture architecture = new Delegating { Head = () => 3 };
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => ComponentJson.Write(architecture)).Message, "$.Head");
    }

    [TestMethod]
    public void LostOptionsAreFound()
    {
        Assert.IsNull(RoundTrip.Difference(new Stages { Widths = [1, 2], Shape = new Shape { Side = 3 } }, new Stages { Widths = [1, 2], Shape = new Shape { Side = 3 } }), "equal in content");
        Assert.AreEqual("Widths", RoundTrip.Difference(new Stages { Widths = [1, 2] }, new Stages { Widths = [1, 3] }));
        Assert.AreEqual("Widths", RoundTrip.Difference(new Stages { Widths = [1, 2] }, new Stages { Widths = [1] }));
        Assert.AreEqual("Shape", RoundTrip.Difference(new Stages { Shape = new Shape { Side = 3 } }, new Stages { Shape = new Shape { Side = 4 } }));
        Assert.AreEqual("Size", RoundTrip.Difference(new Stages { Size = (1, 2) }, new Stages { Size = (1, 3) }));
        Assert.AreEqual("Groups", RoundTrip.Difference(new Stages { Groups = new() { ["a"] = [1] } }, new Stages { Groups = new() { ["a"] = [2] } }));
        Assert.IsNull(RoundTrip.Difference(new Stages { Groups = new() { ["a"] = [1] } }, new Stages { Groups = new() { ["a"] = [1] } }));
        Assert.AreEqual("hidden", RoundTrip.Difference(new Stages().WithHidden(3), new Stages()));
        Assert.AreEqual("Stages", RoundTrip.Difference(new Stages(), new Delegating()));
    }

    private sealed record Unregistered : LocalPerturbation
    {
        public override Tensor Draw(Tensor gradient, Tensor radius, Generator generator) => zeros_like(gradient);
    }

    private sealed record Delegating : NetworkArchitecture
    {
        public Func<int>? Head { get; init; }

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator) => nn.Flatten();
    }

    private sealed record Stages : NetworkArchitecture
    {
        private int hidden;

        public IReadOnlyList<int> Widths { get; init; } = [];

        public Shape Shape { get; init; } = new();

        public (int Height, int Width) Size { get; init; }

        public Dictionary<string, int[]> Groups { get; init; } = [];

        public Stages WithHidden(int value) => this with { hidden = value };

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator) => nn.Linear(hidden, classCount);
    }

    private sealed class Shape
    {
        public int Side { get; init; }
    }
}
