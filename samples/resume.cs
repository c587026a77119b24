#:package RobustAttribution.MLNet@0.1.0
#:package TorchSharp-cpu@0.107.0
#:property PublishAot=false
#:property CreateSymbolicLinksForCopyLocalIfPossible=true

// A training that may be stopped with Ctrl-C, or killed, at any moment: the same command goes on from where it was.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Training;

if (args.Length != 4 || !int.TryParse(args[3], out int epochs))
{
    Console.Error.WriteLine("usage: dotnet run resume.cs IMAGES MODEL.zip CHECKPOINTS EPOCHS");
    Console.Error.WriteLine("CHECKPOINTS is a folder for this training alone; IMAGES has one sub-folder of images for each class.");
    return 1;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) => (key.Cancel, _) = (true, stop.CancelAsync());
try
{
    var mlContext = new MLContext(seed: 1);
    mlContext.Log += (_, line) =>
    {
        if (line.Source.Contains("TrainModel") && line.Kind is ChannelMessageKind.Info or ChannelMessageKind.Warning)
        {
            Console.WriteLine(line.RawMessage);
        }
    };
    IDataView images = mlContext.Data.LoadImageFolders(args[0], options: new() { LabelsAsKey = true });
    using RobustAttributionModelTransformer model = mlContext.Transforms.RobustImageClassification(new()
    {
        Input = new InputSpecification(3, 64, 64),
        Epochs = epochs,
        BatchSize = 16,
        Checkpoints = new CheckpointOptions(args[2]) { EveryEpochs = 1, EveryMinutes = 10 },
        CancellationToken = stop.Token, // a checkpoint is written before Fit throws
    }).Fit(images);
    mlContext.Model.Save(model, images.Schema, args[1]);
    Console.WriteLine($"Written: {args[1]}");
    return 0;
}
catch (OperationCanceledException)
{
    Console.WriteLine($"Stopped. The same command goes on from {args[2]}.");
    return 130;
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {error.GetBaseException().Message}");
    return 1;
}
