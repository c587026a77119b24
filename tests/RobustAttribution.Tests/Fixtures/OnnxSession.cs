using Microsoft.ML.OnnxRuntime;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>A network's ONNX file in ONNX Runtime, on one thread.</summary>
internal sealed class OnnxSession : IDisposable
{
    public OnnxSession(ImageNetwork network, OnnxExportOptions? options = null)
    {
        using var file = new MemoryStream();
        network.SaveAsOnnx(file, options);
        using var settings = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        Session = new InferenceSession(file.ToArray(), settings);
    }

    public InferenceSession Session { get; }

    /// <summary>All outputs.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="classes">The classes to explain; null leaves the input out.</param>
    public Dictionary<string, Tensor> Run(Tensor images, params long[]? classes)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(images.to(ScalarType.Float32).contiguous().data<float>().ToArray(), images.shape);
        Dictionary<string, OrtValue> inputs = new() { ["Image"] = image };
        if (classes is not null)
        {
            inputs["TargetClass"] = OrtValue.CreateTensorValueFromMemory(classes, [classes.Length]);
        }

        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using IDisposableReadOnlyCollection<OrtValue> outputs = Session.Run(run, inputs, Session.OutputNames);
        return Session.OutputNames.Zip(outputs).ToDictionary(output => output.First, output => Read(output.Second));
    }

    public void Dispose() => Session.Dispose();

    private static Tensor Read(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return info.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64
            ? tensor(value.GetTensorDataAsSpan<long>().ToArray()).reshape(info.Shape)
            : tensor(value.GetTensorDataAsSpan<float>().ToArray()).reshape(info.Shape);
    }
}
