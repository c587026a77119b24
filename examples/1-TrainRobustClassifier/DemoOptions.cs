using System.CommandLine;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>What the command line says.</summary>
internal sealed record DemoOptions(
    int Images,
    int TestImages,
    int Epochs,
    int BatchSize,
    double LearningRate,
    long Seed,
    string Objective,
    string? Data,
    bool Download,
    string Output)
{
    private static readonly Option<int> ImagesOption = CommandLine.Whole("--images", "Training images, the first ones of the training set.", 12_000, 64, 59_000);
    private static readonly Option<int> TestImagesOption = CommandLine.Whole("--test-images", "Test images whose explanations are attacked; accuracy is always that of the whole test set.", 100, 8, 10_000);
    private static readonly Option<int> EpochsOption = CommandLine.Whole("--epochs", "Passes over the training images.", 4, 1, 1000);
    private static readonly Option<int> BatchOption = CommandLine.Whole("--batch", "Images in each training step.", 64, 1, 4096);
    private static readonly Option<long> SeedOption = new("--seed") { Description = "Decides every random draw: with one seed, two runs on one machine end bit for bit alike.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> RateOption = new("--learning-rate") { Description = "Learning rate of AdamW.", DefaultValueFactory = _ => 2e-3 };
    private static readonly Option<string?> DataOption = SharedOptions.Data();
    private static readonly Option<bool> DownloadOption = SharedOptions.Download();
    private static readonly Option<string> OutputOption = new("--output") { Description = "Folder for model.zip, metrics.json and contact-sheet.png.", DefaultValueFactory = _ => Path.Combine("artifacts", "demo") };
    private static readonly Option<string> ObjectiveOption = CommandLine.Named("--objective", "The robust training that is compared with cross-entropy, on the network without kinks.", RobustObjectives.Names);

    /// <summary>The root command, which calls <paramref name="run"/> with the options.</summary>
    public static RootCommand Command(Func<DemoOptions, CancellationToken, int> run)
    {
        var command = new RootCommand("Trains a network on Fashion-MNIST as usual, one without kinks, and that one for robust explanations, attacks the explanations of all three and shows the difference.")
        {
            ImagesOption, TestImagesOption, EpochsOption, BatchOption, RateOption, SeedOption, ObjectiveOption,
            DataOption, DownloadOption, OutputOption,
        };
        command.Runs((parsed, cancellation) => run(
            new DemoOptions(
                parsed.GetValue(ImagesOption),
                parsed.GetValue(TestImagesOption),
                parsed.GetValue(EpochsOption),
                parsed.GetValue(BatchOption),
                parsed.GetValue(RateOption),
                parsed.GetValue(SeedOption),
                parsed.GetValue(ObjectiveOption)!,
                parsed.GetValue(DataOption),
                parsed.GetValue(DownloadOption),
                parsed.GetValue(OutputOption)!),
            cancellation));
        return command;
    }
}
