using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/deploy-without-libtorch.md.</summary>
internal static class OnnxSnippets
{
    public static void Convert(MLContext mlContext, ITransformer model, string path)
    {
        #region Convert
        using FileStream file = File.Create(path);
        mlContext.Model.ConvertToOnnx(model, file, new OnnxExportOptions
        {
            Maps = new Dictionary<string, SaliencyMap>
            {
                ["Saliency"] = new(new InputGradient()),
                ["Cam"] = new(new GradCam()),
                ["Path"] = new(new IntegratedGradients { Steps = 8, Quadrature = PathQuadrature.GaussLegendre }),
            },
        });
        #endregion
    }

    public static void Save(ImageNetwork network, string path)
    {
        #region Save
        using FileStream file = File.Create(path);
        network.SaveAsOnnx(file, new OnnxExportOptions { ClassNames = ["cat", "dog"] });
        #endregion
    }

    public static (string Predicted, float[] Map) Run(string path, float[] pixels)
    {
        #region Run
        using var session = new InferenceSession(path); // once; it may be used by several threads
        string[] classNames = JsonSerializer.Deserialize<string[]>(session.ModelMetadata.CustomMetadataMap["ClassNames"])!;

        using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, 64, 64]); // [N,C,H,W] in [0, 1], any N
        using OrtValue target = OrtValue.CreateTensorValueFromMemory(new long[] { 1 }, [1]); // the class to explain; leave it out for the predicted one
        using var options = new RunOptions();
        using var results = session.Run(options, ["Image", "TargetClass"], [image, target], ["PredictedIndex", "Probability", "Saliency"]);
        string predicted = classNames[results[0].GetTensorDataAsSpan<long>()[0]];
        float[] map = results[2].GetTensorDataAsSpan<float>().ToArray(); // [N,H,W]
        #endregion
        return (predicted, map);
    }

    public static IEstimator<ITransformer> Apply(MLContext mlContext, string path)
    {
        #region Apply
        var pipeline = mlContext.Transforms.LoadImages("Photo", imageFolder: null, "Path")
            .Append(mlContext.Transforms.ResizeImages("Photo", imageWidth: 64, imageHeight: 64, resizing: ImageResizingEstimator.ResizingKind.Fill))
            .Append(mlContext.Transforms.ExtractPixels("Image", "Photo", scaleImage: 1 / 255f))
            .Append(mlContext.Transforms.ApplyOnnxModel(["Probability", "PredictedIndex", "Saliency"], ["Image"], path));
        #endregion
        return pipeline;
    }
}
