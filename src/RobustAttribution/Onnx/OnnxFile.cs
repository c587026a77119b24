using System.Text.Json;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>Networks as ONNX files that explain themselves, without libtorch: the gradients are part of the graph.</summary>
public static class OnnxFile
{
    private const string Producer = "RobustAttribution.MLNet";

    /// <summary>Writes a network and its maps as one ONNX model.</summary>
    /// <remarks>
    /// <para>Inputs: <c>Image</c> [N,C,H,W] float32 in [0, 1], any N, the normalisation is inside; with maps also <c>TargetClass</c> int64 [N] or
    /// [1],
    /// the class to explain, which may be left out and is the predicted one where it is negative.</para>
    /// <para>Outputs: <c>Score</c> [N,K] logits, <c>Probability</c> [N,K], <c>PredictedIndex</c> [N] int64 and each map [N,H,W]. The metadata have
    /// <c>ClassNames</c> and <c>Maps</c> as JSON, <c>Network</c> and <c>Version</c>. docs/decisions/onnx.md says how equal the values are.</para>
    /// </remarks>
    /// <param name="network">
    /// A network of the library's architectures, or another one whose every operation is a module of a known kind; with the activation in effect.
    /// </param>
    /// <param name="stream">Written from its position on when the whole model is known; left open.</param>
    /// <param name="options">What the file holds; null for scores and the gradient map.</param>
    /// <exception cref="ArgumentException">A map cannot be computed in ONNX, or the class names are not one for each class.</exception>
    /// <exception cref="InvalidOperationException">A weight is not finite; the message names the tensor.</exception>
    /// <exception cref="NotSupportedException">A part of the network cannot be written; the message names the module.</exception>
    public static void SaveAsOnnx(this ImageNetwork network, Stream stream, OnnxExportOptions? options = null)
    {
        Require.NotNull(network, nameof(network));
        Require.NotNull(stream, nameof(stream));
        options ??= new();
        if (options.ClassNames is { } names && names.Count != network.ClassCount)
        {
            throw new ArgumentException($"{nameof(options.ClassNames)} has {names.Count} names; the network has {network.ClassCount} classes.");
        }

        IReadOnlyDictionary<string, SaliencyMap> maps = options.Maps ?? new Dictionary<string, SaliencyMap> { ["Saliency"] = new() };
        lock (network.SyncRoot)
        {
            ProtoMessage graph = Repetition.Of(() => Graph(network, maps, options.TakesTargetClass), () => true);
            string version = typeof(OnnxFile).Assembly.GetName().Version!.ToString(3);
            OnnxMessages.Model(options.Opset, Producer, version, graph, Metadata(network, options, maps, version)).WriteTo(stream);
        }
    }

    private static ProtoMessage Graph(ImageNetwork network, IReadOnlyDictionary<string, SaliencyMap> maps, bool takesTargetClass)
    {
        using IDisposable scope = Scope.Holding(network);
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = no_grad();
        var layers = OnnxNetwork.Of(network, [.. maps.Values.Select(map => map.Method).OfType<GradCam>().Select(method => method.Layer)]);
        return new OnnxMaps(network, layers, maps, takesTargetClass).Write();
    }

    private static IEnumerable<(string Key, string Value)> Metadata(
        ImageNetwork network, OnnxExportOptions options, IReadOnlyDictionary<string, SaliencyMap> maps, string version)
    {
        if (options.ClassNames is { } names)
        {
            yield return ("ClassNames", JsonSerializer.Serialize(names));
        }

        yield return ("Version", version);
        foreach ((string key, string value) in options.Metadata)
        {
            yield return (key, value);
        }

        yield return ("Maps", ComponentJson.Write(maps));
        yield return ("Network", network.Architecture is { IsBuiltIn: true } known ? ComponentJson.Write(known) : network.Backbone.GetName());
    }
}
