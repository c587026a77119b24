using System.CommandLine;
using RobustAttribution.Benchmarks.Distributed;
using RobustAttribution.Distributed;

// Images per second of data-parallel training: two ranks of one thread beside one process of two threads and one rank of one thread, one after the
// other in each round, so that what else the machine does meets all of them. Without arguments it runs itself in all three ways.
if (args is ["train", ..])
{
    return MpiCommunicator.Run(ranks => Training.Run(ranks, Setting.Parse(args[1..])));
}

if (args is ["sum", string floats])
{
    return MpiCommunicator.Run(ranks => Sum.Run(ranks, long.Parse(floats, System.Globalization.CultureInfo.InvariantCulture)));
}

if (args is ["step", string network, string images, string size, string count])
{
    int[] numbers = [.. new[] { images, size, count }.Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];
    return ImitatedRanks.Run(network, numbers[0], numbers[1], numbers[2]);
}

var batch = new Option<int>("--batch") { Description = "Images of a global batch.", DefaultValueFactory = _ => 128 };
var steps = new Option<int>("--steps") { Description = "Steps of a timed epoch.", DefaultValueFactory = _ => 4 };
var rounds = new Option<int>("--rounds") { Description = "Times that all ways are timed in turn.", DefaultValueFactory = _ => 5 };
var objectives = new Option<string[]>("--objectives") { Description = "aga, art.", DefaultValueFactory = _ => ["aga", "art"], AllowMultipleArgumentsPerToken = true };
var output = new Option<FileInfo?>("--output") { Description = "Markdown file to write beside the terminal." };
var command = new RootCommand("Compares ranks with threads.") { batch, steps, rounds, objectives, output };
command.SetAction(parsed => new Comparison(
    parsed.GetValue(batch), parsed.GetValue(steps), parsed.GetValue(rounds), parsed.GetValue(objectives)!, parsed.GetValue(output)).Run());

var measure = new Option<bool>("--measure") { Description = "Measure first, and write the measurements; else they are read." };
var measurements = new Option<string>("--measurements") { Description = "JSON file of the measurements.", Required = true };
var page = new Option<string>("--output") { Description = "Markdown file to write.", Required = true };
var scaling = new Command("scaling", "Models the time of a step on 2 to 256 ranks.") { measure, measurements, page };
scaling.SetAction(parsed =>
{
    string path = parsed.GetValue(measurements)!;
    if (parsed.GetValue(measure))
    {
        ScalingMeasurement.Run().Save(path);
    }

    File.WriteAllText(parsed.GetValue(page)!, new ScalingPage(ScalingMeasurements.Read(path)).ToString());
});
command.Subcommands.Add(scaling);
return await command.Parse(args).InvokeAsync();
