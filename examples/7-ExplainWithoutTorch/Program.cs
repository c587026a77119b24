using System.CommandLine;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using RobustAttribution.Examples.ExplainWithoutTorch;
using SkiaSharp;

// Scores and explains images with an ONNX file and ONNX Runtime alone: for each image the class, its probability, and the map over the image.
Option<string> modelOption = new("--model") { Description = "The ONNX file.", DefaultValueFactory = _ => Path.Combine("artifacts", "own", "model.onnx") };
Option<string> imagesOption = new("--images") { Description = "An image (PNG, JPEG, BMP) of any size, or a folder of such.", Required = true };
Option<string?> classOption = new("--class") { Description = "The class to explain, by its name. Without it: the predicted one." };
Option<bool> pipelineOption = new("--ml-net") { Description = "Runs the file in an ML.NET pipeline, which explains the predicted class." };
Option<string> outputOption = new("--output") { Description = "Folder for the images.", DefaultValueFactory = _ => Path.Combine("artifacts", "explained") };
var command = new RootCommand("Scores and explains images with an ONNX file that this library wrote, without libtorch.")
{
    modelOption, imagesOption, classOption, pipelineOption, outputOption,
};
command.SetAction(parsed =>
{
    try
    {
        // It warns of each input that may be left out, here TargetClass; ML.NET has it warn all the same.
        var quiet = new EnvironmentCreationOptions { logId = "ExplainWithoutTorch", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        OrtEnv.CreateInstanceWithOptions(ref quiet);
        Run(parsed);
        return 0;
    }
    catch (Exception error) when (error is IOException or InvalidDataException or ArgumentException or OnnxRuntimeException)
    {
        Console.Error.WriteLine($"error: {error.Message}");
        return 1;
    }
});
return command.Parse(args).Invoke();

void Run(ParseResult parsed)
{
    string model = parsed.GetValue(modelOption)!, output = parsed.GetValue(outputOption)!;
    string[] files = [.. ImagesIn(parsed.GetValue(imagesOption)!)];
    using var classifier = new OnnxClassifier(model);
    Console.WriteLine($"{model}: {classifier.Channels}×{classifier.Height}×{classifier.Width}, classes {string.Join(", ", classifier.ClassNames)}");
    int? target = parsed.GetValue(classOption) is { } name ? classifier.IndexOf(name) : null;
    bool isPipeline = parsed.GetValue(pipelineOption);
    if (isPipeline && target is not null)
    {
        throw new ArgumentException("--class and --ml-net do not go together: ML.NET leaves optional inputs out.");
    }

    Directory.CreateDirectory(output);
    IEnumerable<Explanation> explanations = isPipeline ? new OnnxPipeline(classifier, model).Explain(files) : files.Select(file => classifier.Explain(file, target));
    foreach ((string file, Explanation explanation) in files.Zip(explanations))
    {
        string path = Path.Combine(output, Path.GetFileNameWithoutExtension(file) + ".png");
        using SKBitmap image = NetworkImage.Decode(file);
        Overlay.Save(image, explanation.Map, classifier, path);
        string probability = explanation.Probability[explanation.PredictedIndex].ToString("0.00 %", CultureInfo.InvariantCulture);
        Console.WriteLine($"{file}: {classifier.ClassNames[explanation.PredictedIndex]}, {probability}, written: {path}");
    }
}

static IEnumerable<string> ImagesIn(string place)
{
    string[] extensions = [".png", ".jpg", ".jpeg", ".bmp"];
    string[] files = File.Exists(place) ? [place] : !Directory.Exists(place) ? throw new FileNotFoundException($"There is no '{place}'.")
        : [.. Directory.EnumerateFiles(place).Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
    return files.Length > 0 ? files : throw new InvalidDataException($"The folder '{place}' has no images ({string.Join(", ", extensions)}).");
}
