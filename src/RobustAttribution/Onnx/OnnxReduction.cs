using RobustAttribution.Attributions;

namespace RobustAttribution.Onnx;

/// <summary><see cref="MapReduction"/> as ONNX operations.</summary>
internal sealed class OnnxReduction(OnnxGraph graph, MapReduction reduction)
{
    /// <summary>The maps of attributions.</summary>
    /// <param name="attribution">[N,C,H,W].</param>
    /// <param name="channels">C.</param>
    /// <returns>[N,1,H,W].</returns>
    public string Reduce(string attribution, int channels)
    {
        string values = reduction.Sign switch
        {
            MapSign.Absolute => graph.Node("Abs", [attribution]),
            MapSign.Positive => graph.Node("Relu", [attribution]),
            _ => attribution,
        };
        string map = channels == 1 ? values : graph.Sum(values, 1, keepAxis: true);
        return Divisor(map) is { } divisor ? graph.Node("Div", [map, OrOne(divisor)]) : map;
    }

    // [N,1,1,1]
    private string? Divisor(string map) => reduction.Scale switch
    {
        MapScale.Max => Magnitude(graph.Node("GlobalMaxPool", [map])),
        MapScale.AbsMax => graph.Node("GlobalMaxPool", [Magnitude(map)]),
        MapScale.Sum => Magnitude(graph.Node("ReduceSum", [map, graph.Integers(1, 2, 3)], OnnxMessages.Attribute("keepdims", 1))),
        _ => null,
    };

    private string Magnitude(string value) => graph.Node("Abs", [value]);

    private string OrOne(string divisor)
        => graph.Node("Where", [graph.Node("Equal", [divisor, graph.Number(0)]), graph.Number(1), divisor]);
}
