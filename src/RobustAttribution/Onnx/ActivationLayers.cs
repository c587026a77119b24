using RobustAttribution.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>A sum of activations of the input: Σ factor·f(x + shift), and factor·x beside it.</summary>
/// <param name="activation">f: ReLU or softplus.</param>
/// <param name="terms">The factor and the shift of each f.</param>
/// <param name="straight">The factor of the input itself.</param>
internal sealed class ActivationOnnxLayer(Activation activation, (double Factor, double Shift)[] terms, double straight) : OnnxLayer
{
    /// <summary>The activation of a site of a network; null where it cannot be written.</summary>
    public static ActivationOnnxLayer? Of(nn.Module module, Activation activation) => module switch
    {
        _ when activation is not (ReluActivation or SoftplusActivation) => null,
        ActivationLayer or ReLU => new(activation, [(1, 0)], 0),
        ReLU6 => new(activation, [(1, 0), (-1, -6)], 0),
        LeakyReLU leaky => new(activation, [(1 - leaky.negative_slope, 0)], leaky.negative_slope),
        _ => null,
    };

    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
    {
        string x = inputs[0];
        (string Value, Func<string, string> Back)[] parts = [.. terms.Select(term => Term(graph, Plus(graph, x, term.Shift), term.Factor))];
        if (straight != 0)
        {
            parts = [.. parts, (Times(graph, x, straight), signal => Times(graph, signal, straight))];
        }

        return new(Total(parts.Select(part => part.Value)), signal => [Total(parts.Select(part => part.Back(signal)))]);

        string Total(IEnumerable<string> values) => values.Aggregate((sum, value) => graph.Node("Add", [sum, value]));
    }

    private (string Value, Func<string, string> Back) Term(OnnxGraph graph, string x, double factor)
    {
        (string value, Func<string, string> back) = activation is SoftplusActivation softplus ? Softplus(graph, x, softplus.Beta) : Relu(graph, x);
        return (Times(graph, value, factor), signal => back(Times(graph, signal, factor)));
    }

    private static (string Value, Func<string, string> Back) Relu(OnnxGraph graph, string x)
    {
        string y = graph.Node("Relu", [x]), zero = graph.Number(0);
        return (y, signal => graph.Node("Where", [graph.Node("Greater", [y, zero]), signal, zero]));
    }

    // max(x, 0) − log(σ(|βx|))/β: neither overflows, and faster in ONNX Runtime than its Softplus.
    private static (string Value, Func<string, string> Back) Softplus(OnnxGraph graph, string x, double beta)
    {
        string scaled = Times(graph, x, beta);
        string tail = graph.Node("Log", [graph.Node("Sigmoid", [graph.Node("Abs", [scaled])])]);
        return (
            graph.Node("Sub", [graph.Node("Relu", [x]), Times(graph, tail, 1 / beta)]),
            signal => graph.Node("Mul", [signal, graph.Node("Sigmoid", [scaled])]));
    }

    private static string Times(OnnxGraph graph, string x, double factor) => factor == 1 ? x : graph.Node("Mul", [x, graph.Number(factor)]);

    private static string Plus(OnnxGraph graph, string x, double shift) => shift == 0 ? x : graph.Node("Add", [x, graph.Number(shift)]);
}
