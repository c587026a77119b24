using System.Text.Json;
using Microsoft.ML;
using RobustAttribution.Examples;
using RobustAttribution.Examples.TrainRobustClassifier;
using Spectre.Console;

// The demo: a network as usual, one without kinks, and that one trained for robust explanations, on real images; all explained, attacked and measured.
var command = DemoOptions.Command(Run);
command.Subcommands.Add(SavedModelCheck.Command());
return await CommandLine.InvokeAsync(command, args);

static int Run(DemoOptions options, CancellationToken cancellation)
{
    IAnsiConsole console = Terminal.Output;
    Directory.CreateDirectory(options.Output);
    var context = new MLContext((int)options.Seed);
    options = options with { Data = new FashionMnistFiles(console).Locate(options.Data, options.Download, cancellation) };
    var images = new Images(context, options);
    console.MarkupLineInterpolated($"Fashion-MNIST: {options.Images} training images, explanations attacked on {options.TestImages} test images, accuracy on all {images.TestCount}.");

    var display = new TrainingDisplay(console);
    Contestant robust = RobustObjectives.Find(options.Objective);
    List<Outcome> outcomes = [];
    foreach (Contestant contestant in new[] { Contestant.Plain, Contestant.PlainWithoutKinks, robust })
    {
        outcomes.Add(Contest.Run(context, images, options, contestant, display, console, cancellation));
    }

    console.Write(ResultTable.Of(outcomes));
    string model = Path.Combine(options.Output, "model.zip");
    context.Model.Save(outcomes[^1].Model, images.Training.Schema, model);
    int status = SavedModelCheck.RunInAnotherProcess(context, outcomes[^1].Model, images, model, options, console);

    string metrics = Path.Combine(options.Output, "metrics.json");
    File.WriteAllText(metrics, JsonSerializer.Serialize(Summary.Of(options, outcomes), Summary.Format) + "\n");
    string sheet = Path.Combine(options.Output, "contact-sheet.png");
    ContactPage.Save(sheet, outcomes, options);
    console.WriteLine($"Written: {model}, {metrics}, {sheet}");
    outcomes.ForEach(outcome => outcome.Dispose());
    return status;
}
