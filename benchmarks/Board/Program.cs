using System.CommandLine;
using System.Diagnostics;
using RobustAttribution.Benchmarks;
using RobustAttribution.Examples;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using Spectre.Console;

// Trains every method on Fashion-MNIST and measures its explanations under every protocol; see README.md.
var settings = new Option<string>("--setting") { Description = "How much is trained: short or long.", DefaultValueFactory = _ => "short" };
var seeds = new Option<int[]>("--seeds") { Description = "The seeds.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 3] };
var only = new Option<string[]>("--only") { Description = "Only the models whose name contains one of these.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [string.Empty] };
var folder = new Option<string>("--folder") { Description = "Where trained networks are kept.", DefaultValueFactory = _ => Path.Combine("artifacts", "board") };
var cardFolder = new Option<string>("--cards") { Description = "Where the cards are kept.", DefaultValueFactory = _ => Path.Combine("benchmarks", "results", "board", "cards") };
var protocols = new Option<string[]>("--protocols") { Description = "Only these protocols.", AllowMultipleArgumentsPerToken = true };
var shard = new Option<string>("--shard") { Description = "Only this part of the models: 0/4 to 3/4 in four jobs.", DefaultValueFactory = _ => Shard.Whole.ToString() };
var page = new Option<bool>("--page") { Description = "Write the page from the cards, and do nothing else." };
var trainOnly = new Option<bool>("--train-only") { Description = "Train and do not measure." };
var maps = new Option<string?>("--maps") { Description = "Write a PNG file of the trained models' maps, and do nothing else." };
var choose = new Option<bool>("--choose") { Description = "Choose weights on validation images anew, and do nothing else." };
Option<string?> dataOption = SharedOptions.Data();
Option<bool> downloadOption = SharedOptions.Download();
var command = new RootCommand("Trains and measures every method.") { settings, seeds, only, choose, maps, folder, cardFolder, protocols, shard, trainOnly, page, dataOption, downloadOption };
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    var cards = new Cards(parsed.GetValue(cardFolder)!);
    if (parsed.GetValue(page))
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(parsed.GetValue(cardFolder)!))!;
        string findings = Path.Combine(parent, "findings.txt");
        Card[] all = [.. cards.All()];
        File.WriteAllText(Path.Combine(parent, "index.html"), Page.Html(all, File.Exists(findings) ? File.ReadLines(findings) : []));
        File.WriteAllText(Path.Combine(parent, "table.md"), Page.Markdown(all));
        return 0;
    }

    Setting setting = Setting.All.Single(known => known.Name == parsed.GetValue(settings));
    string files = new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation);
    using var data = new FashionMnist(files, setting.Images);
    var models = new Models(parsed.GetValue(folder)!);
    var examination = new Examination(models, cards, data);
    BoardProtocol[] measured = [.. BoardProtocol.All.Where(protocol => parsed.GetValue(protocols) is not { Length: > 0 } keys || keys.Contains(protocol.Key))];
    Entry[] entries =
    [
        .. from seed in parsed.GetValue(seeds)!
           from method in Method.All
           from network in TestedNetwork.All
           let entry = new Entry(setting, method, network, seed)
           where parsed.GetValue(only)!.Any(entry.Name.Contains) && (!parsed.GetValue(choose) || method.Candidates.Count > 0)
           select entry,
    ];
    if (parsed.GetValue(maps) is { } sheet)
    {
        MapSheet.Save(sheet, models, entries.OrderBy(entry => entry.Network.Name), data);
        return 0;
    }

    Shard part = Shard.Parse(parsed.GetValue(shard)!);
    var choices = new Choices(Path.Combine(parsed.GetValue(cardFolder)!, "..", "choices"));
    foreach (Entry entry in entries.Where((_, index) => index % part.Count == part.Index))
    {
        if (parsed.GetValue(choose))
        {
            Terminal.Output.WriteLine($"{entry}: taken is {choices.Choose(entry, data, Terminal.Output.WriteLine, cancellation).Taken.Objective}");
            continue;
        }

        bool done = cards.Claim(entry, () =>
        {
            if (!models.Has(entry))
            {
                var watch = Stopwatch.StartNew();
                models.Train(entry, choices.ObjectiveOf(entry, data, Terminal.Output.WriteLine, cancellation), data, cancellation);
                Terminal.Output.WriteLine($"{entry}: trained in {watch.Elapsed.TotalSeconds:F0} s");
            }

            if (!parsed.GetValue(trainOnly))
            {
                examination.Complete(entry, measured, Terminal.Output.WriteLine, cancellation);
            }
        });
        if (!done)
        {
            Terminal.Output.WriteLine($"{entry}: another process has it");
        }
    }

    return 0;
}
