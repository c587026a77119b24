using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>An ONNX file of the library's in ONNX Runtime. The file itself says what images it takes, what its classes are called and which map it has.</summary>
internal sealed class OnnxClassifier : IDisposable
{
    private static readonly string[] Scores = ["Score", "Probability", "PredictedIndex"];

    private readonly InferenceSession session;

    public OnnxClassifier(string path)
    {
        session = new InferenceSession(File.Exists(path) ? path : throw new FileNotFoundException(
            $"The model '{path}' does not exist. Example 5 writes one beside its model.zip; in code it is mlContext.Model.ConvertToOnnx(model, stream)."));
        Dictionary<string, string> metadata = session.ModelMetadata.CustomMetadataMap;
        (Channels, Height, Width) = session.InputMetadata["Image"].Dimensions is [_, var channels, var height, var width]
            ? (channels, height, width)
            : throw new InvalidDataException($"'{path}' has no input Image of [N,C,H,W].");
        MapName = session.OutputNames.FirstOrDefault(name => !Scores.Contains(name)) ?? throw new InvalidDataException($"'{path}' has no map.");
        int count = session.OutputMetadata["Probability"].Dimensions[^1];
        ClassNames = metadata.TryGetValue("ClassNames", out string? names)
            ? JsonSerializer.Deserialize<string[]>(names)!
            : [.. Enumerable.Range(0, count).Select(index => $"class {index}")];
        Resize = metadata.GetValueOrDefault("Resize", "Fill");
    }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    /// <summary>The output with the map.</summary>
    public string MapName { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How the model was trained to bring images to its size: Fill, Crop, Pad or CenterCrop.</summary>
    public string Resize { get; }

    public int IndexOf(string className)
        => ClassNames.ToList().IndexOf(className) is >= 0 and int index ? index : throw new ArgumentException($"The model has no class '{className}'; it has {string.Join(", ", ClassNames)}.");

    /// <summary>Scores an image and explains a class; null for the predicted one.</summary>
    public Explanation Explain(string file, int? target)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(NetworkImage.Read(file, this), [1, Channels, Height, Width]);
        using OrtValue targetClass = OrtValue.CreateTensorValueFromMemory([(long)(target ?? -1)], [1]); // may be left out as well
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> found = session.Run(
            options, ["Image", "TargetClass"], [image, targetClass], ["PredictedIndex", "Probability", MapName]);
        return new Explanation((int)found[0].GetTensorDataAsSpan<long>()[0], found[1].GetTensorDataAsSpan<float>().ToArray(), found[2].GetTensorDataAsSpan<float>().ToArray());
    }

    public void Dispose() => session.Dispose();
}
