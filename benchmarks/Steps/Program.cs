using System.CommandLine;
using System.Globalization;
using RobustAttribution.Benchmarks.Steps;
using RobustAttribution.Examples;
using RobustAttribution.Training;
using Spectre.Console;

// Measures training steps, explanations and the pipeline against plain loops of the same work, in one run, the contenders taking turns.
string[] parts = ["steps", "memory", "profile", "explanations", "pipeline", "cold"];
var quick = new Option<bool>("--quick") { Description = "Small batches, few steps and repeats: minutes, to see that everything runs." };
var only = Names("--only", "Objectives, separated by commas", ObjectiveCase.All.Select(objective => objective.Name));
var networks = Names("--networks", "Networks, separated by commas", NetworkCase.All.Select(network => network.Name));
var chosen = Names("--parts", "Parts of the report, separated by commas", parts);
var threads = new Option<string>("--threads") { Description = "CPU threads of libtorch, separated by commas.", DefaultValueFactory = _ => "1,2" };
var batch = new Option<int?>("--batch") { Description = "Images in each step. Without it: 128; with --quick 16, and 2 for ResNet-18." };
var repeats = new Option<int?>("--repeats") { Description = "Measured repeats, of which the median counts. Without it: 7; with --quick 2." };
Option<string> place = CommandLine.Named("--device", "Where to compute: cpu or cuda.", ["cpu", "cuda"]);
var precision = Names("--precision", "In what the library trains, separated by commas; the loops take float32", Enum.GetNames<Precision>());
Option<string?> python = CommandLine.OptionalPath(
    "--python", "A Python with torch, for loop.py. Without it: python3 or /usr/bin/python3, whichever has torch.");
Option<string?> output = CommandLine.OptionalPath("--output", "The report to write, Markdown; a .json of the same name holds the same numbers.");
var json = new Option<bool>("--json") { Description = "Prints the report as JSON instead of Markdown." };
var child = new Option<string?>("--child") { Description = "One contender, alone in the process that this program starts for it.", Hidden = true };
var model = new Option<string?>("--model") { Description = "The model of --child cold.", Hidden = true };
var command = new RootCommand("Compares training steps, explanations and the pipeline with plain loops of the same work.")
{
    quick, only, networks, chosen, threads, batch, repeats, place, precision, python, output, json, child, model,
};
command.Runs((parsed, cancellation) =>
{
    bool small = parsed.GetValue(quick);
    var settings = new Settings(
        [.. NetworkCase.All.Where(network => Has(networks, network.Name))],
        [.. ObjectiveCase.All.Where(objective => Has(only, objective.Name))],
        [.. parsed.GetValue(threads)!.Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture))],
        parsed.GetValue(batch),
        parsed.GetValue(repeats) ?? (small ? 2 : 7),
        parsed.GetValue(place)!,
        [.. Enum.GetValues<Precision>().Where(value => Has(precision, $"{value}"))],
        small);
    if (parsed.GetValue(child) is { } contender)
    {
        Child.Run(contender, settings, parsed.GetValue(model));
        return 0;
    }

    bool prints = parsed.GetValue(json);
    Action<string> log = prints ? Console.Error.WriteLine : Terminal.Output.WriteLine;
    string introduction = Comparison.Introduction($"dotnet run --project benchmarks/Steps -c Release -- {string.Join(' ', args)}");
    var report = new Report(parsed.GetValue(output), introduction, log);
    Interpreter? interpreter = PythonTraining.Find(parsed.GetValue(python) is { } path ? [path] : ["python3", "/usr/bin/python3"]);
    var comparison = new Comparison(settings, interpreter, report, cancellation);
    foreach ((string part, Action run) in parts.Zip<string, Action>(
        [comparison.Steps, comparison.Memory, comparison.Profile, comparison.Explain, comparison.RunPipeline, comparison.ColdStart]))
    {
        if (Has(chosen, part))
        {
            run();
        }
    }

    Console.WriteLine(prints ? report.Json() : report.Markdown());
    return 0;

    bool Has(Option<string> option, string name) => parsed.GetValue(option)!.Split(',').Contains(name);
});
return await CommandLine.InvokeAsync(command, args);

static Option<string> Names(string name, string description, IEnumerable<string> allowed)
{
    string all = string.Join(',', allowed);
    var option = new Option<string>(name) { Description = $"{description}: {all}.", DefaultValueFactory = _ => all };
    option.Validators.Add(result =>
    {
        foreach (string wrong in result.GetValueOrDefault<string>().Split(',').Except(all.Split(',')))
        {
            result.AddError($"{name} names '{wrong}'; allowed are {all}.");
        }
    });
    return option;
}
