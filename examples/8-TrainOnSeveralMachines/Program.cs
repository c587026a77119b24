using System.CommandLine;
using Microsoft.ML;
using RobustAttribution;
using RobustAttribution.Examples;
using RobustAttribution.Examples.TrainOnSeveralMachines;
using RobustAttribution.MLNet;
using Spectre.Console;

// One training by several processes, called ranks: mpirun or srun starts this program once for each. Started by hand it is the only one.
Option<string?> imagesOption = CommandLine.OptionalPath("--images", "Folder with one sub-folder of images for each class. Without it: Fashion-MNIST.");
Option<string?> dataOption = SharedOptions.Data(", where --images is not given");
Option<bool> downloadOption = SharedOptions.Download();
Option<int> countOption = CommandLine.Whole("--train-images", "Images of Fashion-MNIST to train on, the first ones.", 12_000, 10, 59_000);
Option<int> testOption = CommandLine.Whole("--test-images", "Test images whose explanations are attacked, the first ones.", 256, 1, 100_000);
Option<int> sizeOption = CommandLine.Whole("--size", "Width and height that images of a folder are brought to.", 32, 16, 512);
Option<int> epochsOption = CommandLine.Whole("--epochs", "Passes over the training images.", 4, 1, 10_000);
Option<int> batchOption = CommandLine.Whole("--batch", "Images in each training step, of all ranks together.", 64, 1, 65_536);
Option<int> attackedOption = CommandLine.Whole("--attack-batch", "Images that are attacked at once; ranks share out such batches.", 16, 1, 4096);
Option<int> seedOption = CommandLine.Whole("--seed", "Decides every random draw, on any number of ranks.", 1, 0, int.MaxValue);
Option<string> outputOption = SharedOptions.Output("Folder for model.zip, robustness.json and checkpoints/, from which the same command goes on.", "several");
var command = new RootCommand("Trains a classifier with robust explanations on several processes or machines, and attacks its explanations on all of them.")
{
    imagesOption, dataOption, downloadOption, countOption, testOption, sizeOption, epochsOption, batchOption, attackedOption, seedOption, outputOption,
};
command.Runs((parsed, cancellation) =>
{
    IAnsiConsole console = Terminal.Output;
    return Ranks.Run(console, ranks =>
    {
        int seed = parsed.GetValue(seedOption);
        var context = new MLContext(seed);
        string places = Ranks.Places(ranks);
        if (ranks.Rank == 0)
        {
            console.WriteLine($"{ranks.Size} {(ranks.Size == 1 ? "rank" : "ranks")}: {places}");
        }

        SharedImages images = parsed.GetValue(imagesOption) is { } folder
            ? SharedImages.Folder(context, folder, parsed.GetValue(sizeOption), seed)
            : SharedImages.FashionMnist(context, Locate(ranks), parsed.GetValue(countOption));
        string output = parsed.GetValue(outputOption)!;
        var job = new Job(ranks, console, context, images, output);
        using RobustAttributionModelTransformer classifier = job.Train(parsed.GetValue(epochsOption), parsed.GetValue(batchOption), seed, cancellation);
        string path = Path.Combine(output, "model.zip");
        if (ranks.Rank == 0)
        {
            ITransformer model = classifier.Append(context.Transforms.Saliency().Fit(classifier.Transform(images.Training)));
            context.Model.Save(model, images.Training.Schema, path);
            console.WriteLine($"Written: {path}");
        }

        if (job.Measure(classifier, parsed.GetValue(testOption), parsed.GetValue(attackedOption), cancellation) is { } robustness)
        {
            console.Profile.Out.Writer.WriteLine(robustness); // mpirun gives ranks a terminal of 80 columns, which would break the table
            path = Path.Combine(output, "robustness.json");
            File.WriteAllText(path, robustness.ToJson());
            console.WriteLine($"Written: {path}");
        }

        return 0;
    });

    // The first rank of a machine downloads, where that is wanted; the others find what it has left.
    string Locate(ICommunicator ranks)
    {
        string? found = ranks.LocalRank == 0 ? Find() : null;
        ranks.Barrier();
        return found ?? Find();

        string Find() => new FashionMnistFiles(console) { Ask = ranks.Size == 1 ? Terminal.Ask : null }
            .Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation);
    }
});
return await CommandLine.InvokeAsync(command, args);
