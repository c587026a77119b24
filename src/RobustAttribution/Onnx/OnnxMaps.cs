using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using static RobustAttribution.Onnx.OnnxExportOptions;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>The graph of a network's scores and maps.</summary>
internal sealed class OnnxMaps(ImageNetwork network, OnnxNetwork layers, IReadOnlyDictionary<string, SaliencyMap> maps, bool takesTargetClass)
{
    private const int MostPoints = 256;

    private readonly OnnxGraph graph = new();
    private readonly InputSpecification input = network.Input;

    private long[] ImageSizes => [input.Channels, input.Height, input.Width];

    /// <summary>Writes all of it.</summary>
    /// <exception cref="ArgumentException">A map cannot be computed in ONNX; the message names it.</exception>
    public ProtoMessage Write()
    {
        string images = graph.Input(Image, ImageSizes);
        OnnxNetwork.Pass pass = layers.Forward(graph, Normalized(images));
        string predicted = graph.Node("ArgMax", [pass.Logits], OnnxMessages.Attribute("axis", 1), OnnxMessages.Attribute("keepdims", 0));
        graph.Output(Score, pass.Logits, OnnxMessages.Float, network.ClassCount);
        graph.Output(
            Probability, graph.Node("Softmax", [pass.Logits], OnnxMessages.Attribute("axis", 1)), OnnxMessages.Float, network.ClassCount);
        graph.Output(PredictedIndex, predicted, OnnxMessages.Int64);
        if (maps.Count > 0)
        {
            WriteMaps(images, pass, Seed(pass.Logits, takesTargetClass ? Target(predicted) : predicted));
        }

        return graph.ToMessage(network.Backbone.GetName());
    }

    private void WriteMaps(string images, OnnxNetwork.Pass pass, string seed)
    {
        int[] wanted = [.. maps.Values.Select(map => WantedStep(map.Method)).OfType<int>()];
        IReadOnlyDictionary<int, string> signals = wanted.Length == 0 ? new Dictionary<int, string>() : pass.Back(seed, wanted);
        string? gradient = signals.TryGetValue(NetworkTrace.Images, out string? signal) ? InPixelScale(signal) : null;
        foreach ((string name, SaliencyMap map) in maps)
        {
            (string attribution, int channels) = map.Method switch
            {
                InputGradient => (gradient!, input.Channels),
                GradientTimesInput method
                    => (graph.Node("Mul", [gradient!, graph.Node("Sub", [images, BaselineOf(name, method.Baseline)])]), input.Channels),
                IntegratedGradients method => (Integrated(name, method, images, seed), input.Channels),
                GradCam method => (Cam(pass, StepOf(method), signals), 1),
                _ => throw Refused(name, map.Method),
            };
            string reduced = new OnnxReduction(graph, map.Reduction).Reduce(attribution, channels);
            graph.Output(name, graph.Reshaped(reduced, -1, input.Height, input.Width), OnnxMessages.Float, input.Height, input.Width);
        }
    }

    // The step at whose output the first pass's signal is needed.
    private int? WantedStep(IAttributionMethod method) => method switch
    {
        InputGradient or GradientTimesInput => NetworkTrace.Images,
        GradCam cam => StepOf(cam),
        _ => null,
    };

    private int StepOf(GradCam method) => layers.Features[FeatureMaps.NameOf(network, method.Layer)];

    // [N], int64: the class given, or the predicted one where it is negative.
    private string Target(string predicted)
    {
        string given = graph.OptionalInput(TargetClass, -1);
        return graph.Node("Where", [graph.Node("Less", [given, graph.Integers(0)]), predicted, given]);
    }

    // [N,K], a 1 in each row. Scattered, since a class that does not exist is an error then.
    private string Seed(string logits, string target)
    {
        string column = graph.Reshaped(target, -1, 1);
        string ones = graph.Node("Expand", [graph.Number(1), graph.Node("Shape", [column])]);
        string zeros = graph.Node("ConstantOfShape", [graph.Node("Shape", [logits])]);
        return graph.Node("ScatterElements", [zeros, column, ones], OnnxMessages.Attribute("axis", 1));
    }

    private string Normalized(string images)
        => graph.Node("Div", [graph.Node("Sub", [images, Channelwise(input.Mean)]), Channelwise(input.StandardDeviation)]);

    private string InPixelScale(string gradient) => graph.Node("Div", [gradient, Channelwise(input.StandardDeviation)]);

    private string Channelwise(IReadOnlyList<double> values) => graph.Floats([1, values.Count, 1, 1], values);

    private string BaselineOf(string name, Baseline baseline) => baseline switch
    {
        BlackBaseline => graph.Number(input.LowerBound),
        WhiteBaseline => graph.Number(input.UpperBound),
        MeanBaseline => Channelwise(input.Mean),
        _ => throw new ArgumentException($"Map '{name}' has the baseline {baseline}; allowed in ONNX are Black, White and Mean."),
    };

    private string Integrated(string name, IntegratedGradients method, string images, string seed)
    {
        IReadOnlyList<(double Alpha, double Weight)> rule = method.Quadrature.Rule(method.Steps);
        if (rule.Count > MostPoints)
        {
            throw new ArgumentException(
                $"Map '{name}' integrates over {rule.Count} points; allowed in ONNX, where all are computed at once, are at most {MostPoints}.");
        }

        string baseline = BaselineOf(name, method.Baseline);
        string path = graph.Node("Sub", [images, baseline]);
        string onPath = graph.Node("Add", [baseline, graph.Node("Mul", [path, Column(rule.Select(point => point.Alpha))])]); // [P,N,C,H,W]
        OnnxNetwork.Pass pass = layers.Forward(graph, Normalized(graph.Reshaped(onPath, [-1, .. ImageSizes])));
        string seeds = graph.Reshaped(graph.Node("Expand", [seed, graph.Integers(rule.Count, 1, 1)]), -1, network.ClassCount);
        string gradient = InPixelScale(pass.Back(seeds, NetworkTrace.Images)[NetworkTrace.Images]); // [P·N,C,H,W]
        string weighted = graph.Node("Mul", [graph.Reshaped(gradient, [rule.Count, -1, .. ImageSizes]), Column(rule.Select(point => point.Weight))]);
        return graph.Node("Mul", [path, graph.Sum(weighted, 0, keepAxis: false)]);

        string Column(IEnumerable<double> values) => graph.Floats([rule.Count, 1, 1, 1, 1], values);
    }

    // [N,1,H,W].
    private string Cam(OnnxNetwork.Pass pass, int step, IReadOnlyDictionary<int, string> signals)
    {
        string weights = graph.Node("GlobalAveragePool", [signals[step]]); // [N,K,1,1]
        string map = graph.Node("Relu", [graph.Sum(graph.Node("Mul", [weights, pass.Value(step)]), 1, keepAxis: true)]); // [N,1,h,w]
        string batch = graph.Node("Slice", [graph.Node("Shape", [map]), graph.Integers(0), graph.Integers(2)]);
        string size = graph.Node("Concat", [batch, graph.Integers(input.Height, input.Width)], OnnxMessages.Attribute("axis", 0));
        return graph.Node(
            "Resize",
            [map, string.Empty, string.Empty, size],
            OnnxMessages.Attribute("mode", "linear"),
            OnnxMessages.Attribute("coordinate_transformation_mode", "half_pixel"));
    }

    private static ArgumentException Refused(string name, IAttributionMethod method) => new(
        $"Map '{name}' is {method}; allowed in ONNX are {nameof(InputGradient)}, {nameof(GradientTimesInput)}, {nameof(IntegratedGradients)} and"
        + $" {nameof(GradCam)}.");
}
