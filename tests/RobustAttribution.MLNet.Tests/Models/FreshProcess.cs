using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>Loads a model and scores pictures with it, in a process that mentions no type of the library.</summary>
internal static class FreshProcess
{
    /// <summary>Runs <see cref="Score"/> in a process of its own.</summary>
    /// <returns>Its exit code, what it wrote and its messages.</returns>
    public static (int ExitCode, Dictionary<string, float[][]>? Columns, string Messages) Run(string model, IReadOnlyList<Picture> pictures)
    {
        string folder = Path.GetDirectoryName(model)!;
        string input = Path.Combine(folder, "pictures.json");
        string output = Path.Combine(folder, "scores.json");
        File.WriteAllText(input, JsonSerializer.Serialize(pictures));
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList = { "exec", typeof(FreshProcess).Assembly.Location, "score", model, input, output },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> standard = process.StandardOutput.ReadToEndAsync();
        string messages = process.StandardError.ReadToEnd() + standard.Result;
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? JsonSerializer.Deserialize<Dictionary<string, float[][]>>(File.ReadAllText(output)) : null, messages);
    }

    /// <summary>Writes every column of single-precision vectors that the model adds.</summary>
    public static int Score(string modelPath, string picturesPath, string outputPath)
    {
        var context = new MLContext();
        ITransformer model = context.Model.Load(modelPath, out _);
        IDataView view = model.Transform(context.Data.LoadFromEnumerable(JsonSerializer.Deserialize<List<Picture>>(File.ReadAllText(picturesPath))!));
        string[] columns = [.. view.Schema.Where(column => !column.IsHidden && column.Type is VectorDataViewType { ItemType: NumberDataViewType }).Select(column => column.Name)];
        List<Rows.Row> rows = Rows.Read(view, columns);
        File.WriteAllText(outputPath, JsonSerializer.Serialize(columns.ToDictionary(column => column, column => rows.Select(row => (float[])row.Values[column]).ToArray())));
        return 0;
    }
}
