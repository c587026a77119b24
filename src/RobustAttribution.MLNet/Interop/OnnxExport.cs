namespace RobustAttribution.MLNet.Interop;

/// <summary>What <c>mlContext.Model.ConvertToOnnx</c> asks the transforms of a pipeline, from the last to the first.</summary>
internal static class OnnxExport
{
    /// <summary>Thrown where ML.NET asks whether a transform can be saved: told no, it would export the rest without it.</summary>
    /// <param name="transform">The transform.</param>
    public static NotSupportedException Refuse(string transform) => new(
        $"{transform} cannot be saved as ONNX: ML.NET's ONNX export knows no network of TorchSharp's. Scores and maps are saved with"
        + " mlContext.Model.ConvertToOnnx(model, stream, new OnnxExportOptions()), the pipeline with mlContext.Model.Save, the weights alone with"
        + " Network.SaveWeights.");
}
