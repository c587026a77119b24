#:package RobustAttribution.MLNet@0.1.0
#:package TorchSharp-cpu@0.107.0
#:property PublishAot=false
#:property CreateSymbolicLinksForCopyLocalIfPossible=true

// Writes what a saved model looked at in one image: the image with the map laid over it.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet;

Dictionary<string, IAttributionMethod> methods = new()
{
    ["gradient"] = new InputGradient(),
    ["smoothed"] = new SmoothGrad(),
    ["integrated"] = new IntegratedGradients(),
    ["relevance"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus },
    ["grad-cam"] = new GradCam(),
};
if (args.Length is < 3 or > 4 || !methods.TryGetValue(args.ElementAtOrDefault(3) ?? "gradient", out IAttributionMethod? method))
{
    Console.Error.WriteLine("usage: dotnet run explain.cs MODEL.zip IMAGE OVERLAY.png [METHOD]");
    Console.Error.WriteLine($"METHOD is one of {string.Join(", ", methods.Keys)}; gradient by default.");
    return 1;
}

try
{
    var mlContext = new MLContext();
    ITransformer model = mlContext.Model.Load(args[0], out _);
    using MLImage image = ImageDecoder.Decode(args[1]);
    IDataView scored = model.Transform(mlContext.Data.LoadFromEnumerable([new Photo { Image = image }]));
    var saliency = mlContext.Transforms.Saliency(new()
            { Method = method, OutputColumnName = "Map", OverlayPngColumnName = "Overlay", SourceImageColumnName = "Image" }) // at the size of the image
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel"));
    Explanation explained = mlContext.Data.CreateEnumerable<Explanation>(saliency.Fit(scored).Transform(scored), reuseRowObject: false).Single();
    File.WriteAllBytes(args[2], explained.Overlay);
    Console.WriteLine($"{explained.Answer}, {explained.Score.Max():P0}. Written: {args[2]}");
    return 0;
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {error.GetBaseException().Message}");
    return 1;
}

internal sealed class Photo
{
    [ImageType(1, 1)] // the attribute asks for a size; images of any size are taken
    public required MLImage Image { get; init; }
    public string Label { get; init; } = ""; // of models that were saved with MapValueToKey
}

internal sealed class Explanation
{
    public string Answer { get; set; } = "";
    public float[] Score { get; set; } = [];
    public byte[] Overlay { get; set; } = [];
}
