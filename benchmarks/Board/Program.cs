using System.CommandLine;
using System.Diagnostics;
using RobustAttribution.Benchmarks;
using RobustAttribution.Examples;
using Spectre.Console;

// Trains every method on Fashion-MNIST and measures its explanations under every protocol; see README.md.
var settings = new Option<string>("--setting") { Description = "How much is trained: short or long.", DefaultValueFactory = _ => "short" };
var seeds = new Option<int[]>("--seeds") { Description = "The seeds.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 3] };
var only = new Option<string[]>("--only") { Description = "Only the models whose name contains one of these.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [string.Empty] };
var folder = new Option<string>("--folder") { Description = "Where trained networks are kept.", DefaultValueFactory = _ => Path.Combine("artifacts", "board") };
Option<string?> dataOption = SharedOptions.Data();
Option<bool> downloadOption = SharedOptions.Download();
var command = new RootCommand("Trains and measures every method.") { settings, seeds, only, folder, dataOption, downloadOption };
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    Setting setting = Setting.All.Single(known => known.Name == parsed.GetValue(settings));
    string files = new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation);
    using var data = new FashionMnist(files, setting.Images);
    var models = new Models(parsed.GetValue(folder)!);
    IEnumerable<Entry> entries =
        from seed in parsed.GetValue(seeds)!
        from method in Method.All
        from network in TestedNetwork.All
        select new Entry(setting, method, network, seed);
    foreach (Entry entry in entries.Where(entry => parsed.GetValue(only)!.Any(entry.Name.Contains)))
    {
        if (!models.Has(entry))
        {
            var watch = Stopwatch.StartNew();
            models.Train(entry, entry.Method.Objective, data, cancellation);
            Terminal.Output.WriteLine($"{entry}: trained in {watch.Elapsed.TotalSeconds:F0} s");
        }
    }

    return 0;
}
