#:package RobustAttribution.MLNet@0.1.0
#:package TorchSharp-cpu@0.107.0
#:property PublishAot=false
#:property CreateSymbolicLinksForCopyLocalIfPossible=true

// Trains a classifier with robust explanations on a folder that has one sub-folder of images for each class.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

if (args.Length is < 2 or > 3)
{
    Console.Error.WriteLine("usage: dotnet run train.cs IMAGES MODEL.zip [EPOCHS]");
    Console.Error.WriteLine("IMAGES is a folder with one sub-folder of images for each class; EPOCHS is 30 by default.");
    return 1;
}

try
{
    int epochs = args.Length < 3 ? 30 : int.TryParse(args[2], out int given) ? given : throw new ArgumentException($"EPOCHS is '{args[2]}'; allowed is a whole number of at least 1.");
    var mlContext = new MLContext(seed: 1);
    mlContext.Log += (_, entry) => { if (entry.Kind == ChannelMessageKind.Warning) Console.Error.WriteLine(entry.Message); };
    new FileStream(args[1] + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose(); // can it be written?
    IDataView images = mlContext.Data.LoadImageFolders(args[0], options: new() { LabelsAsKey = true });
    var pipeline = mlContext.Transforms.RobustImageClassification(new()
        {
            Input = new InputSpecification(3, 64, 64), // what the network sees; 1 channel makes the images grey
            Network = new SmallConvNetArchitecture { Pooling = Pooling.Average }, // fewer kinks, steadier maps
            Objective = new LocalGradientAlignment(),
            Augmentation = new RandomCrop(), // shifts each image a little: few images teach more
            Epochs = epochs,
            BatchSize = 16,
            ValidationSetFraction = 0.2,
            MetricsCallback = Print,
        })
        .Append(mlContext.Transforms.Saliency())
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"));
    using var model = pipeline.Fit(images);
    mlContext.Model.Save(model, images.Schema, args[1]);
    Console.WriteLine($"Written: {args[1]}");
    return 0;
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {error.GetBaseException().Message}");
    return 1;
}

static void Print(TrainingProgress progress)
{
    if (progress is EpochProgress { Validation: { } validation } epoch)
    {
        Console.WriteLine($"epoch {epoch.Epoch}/{epoch.Epochs}: accuracy {validation.Accuracy:P0} (images kept back), {epoch.Remaining:m\\:ss} left");
    }
}
