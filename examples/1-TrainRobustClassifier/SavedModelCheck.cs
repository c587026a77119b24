using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>Shows that model.zip is the model: another process loads it and must compute the same scores and maps, bit for bit.</summary>
internal static class SavedModelCheck
{
    private const int Rows = 64;
    private static readonly Option<string> ModelOption = new("--model") { Description = "The model.zip to load.", Required = true };
    private static readonly Option<string> ExpectedOption = new("--expected") { Description = "Scores and maps of the process that saved it.", Required = true };
    private static readonly Option<string?> DataOption = new("--data") { Description = "Folder with the Fashion-MNIST files." };

    /// <summary>The sub-command that the other process runs.</summary>
    public static Command Command()
    {
        var command = new Command("verify", "Loads a saved model and compares its scores and maps with recorded ones (the demo calls this in a second process).") { ModelOption, ExpectedOption, DataOption };
        command.Runs((parsed, _) => Verify(parsed.GetValue(ModelOption)!, parsed.GetValue(ExpectedOption)!, parsed.GetValue(DataOption)));
        return command;
    }

    public static int RunInAnotherProcess(MLContext context, ITransformer model, Images images, string path, DemoOptions options, IAnsiConsole console)
    {
        string expected = Path.ChangeExtension(path, ".expected");
        File.WriteAllBytes(expected, MemoryMarshal.AsBytes<float>(Values(context, model, images.Test)).ToArray());
        List<string> arguments = ["verify", "--model", path, "--expected", expected];
        if (options.Data is not null)
        {
            arguments.AddRange(["--data", options.Data]);
        }

        using Process other = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. HostArguments(), .. arguments]))!;
        other.WaitForExit();
        File.Delete(expected);
        console.MarkupLine(other.ExitCode == 0
            ? $"model.zip loaded in another process: scores and maps of {Rows} test images are equal bit for bit"
            : "[red]model.zip loaded in another process gives other values[/]");
        return other.ExitCode;
    }

    private static int Verify(string path, string expectedPath, string? data)
    {
        var context = new MLContext();
        using var model = (IDisposable)context.Model.Load(path, out DataViewSchema _);
        float[] found = Values(context, (ITransformer)model, context.Data.LoadFashionMnist(data, DatasetSplit.Test, new DatasetOptions { LabelsAsKey = true }));
        byte[] expected = File.ReadAllBytes(expectedPath);
        return MemoryMarshal.AsBytes<float>(found).SequenceEqual(expected) ? 0 : 1;
    }

    private static float[] Values(MLContext context, ITransformer model, IDataView test)
    {
        IDataView scored = model.Transform(context.Data.TakeRows(test, Rows));
        return [.. scored.GetColumn<float[]>("Score").SelectMany(row => row), .. scored.GetColumn<float[]>("Saliency").SelectMany(row => row)];
    }

    /// <summary>When the example was started through `dotnet`, the program to run is its first argument.</summary>
    private static string[] HostArguments()
        => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(SavedModelCheck).Assembly.Location] : [];
}
