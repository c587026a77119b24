using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>Loads a model and scores images with it, in a process that mentions no type of the library.</summary>
internal static class FreshProcess
{
    /// <summary>Runs <see cref="Score{TRow}"/> in a process of its own.</summary>
    /// <returns>Its exit code, what it wrote and its messages.</returns>
    public static (int ExitCode, Dictionary<string, float[][]>? Columns, string Messages) Run(string model, IReadOnlyList<TestImage> images) => Run("score", model, images);

    /// <summary>Runs a task of <see cref="Program"/> that ends in <see cref="Score{TRow}"/> in a process of its own.</summary>
    /// <returns>Its exit code, what it wrote and its messages.</returns>
    public static (int ExitCode, Dictionary<string, float[][]>? Columns, string Messages) Run<TRow>(string task, string model, IReadOnlyList<TRow> images)
    {
        string folder = Path.GetDirectoryName(model)!;
        string input = Path.Combine(folder, "images.json");
        string output = Path.Combine(folder, "scores.json");
        File.WriteAllText(input, JsonSerializer.Serialize(images));
        (int exitCode, string messages) = Run(task, model, input, output);
        return (exitCode, exitCode == 0 ? JsonSerializer.Deserialize<Dictionary<string, float[][]>>(File.ReadAllText(output)) : null, messages);
    }

    /// <summary>Runs a task of <see cref="Program"/> in a process of its own.</summary>
    /// <returns>Its exit code and its messages.</returns>
    public static (int ExitCode, string Messages) Run(params string[] task) => End(Start(task));

    /// <summary>Waits for a process that <see cref="Start"/> or <see cref="StartOf"/> began.</summary>
    /// <returns>Its exit code and its messages.</returns>
    public static (int ExitCode, string Messages) End(Process started)
    {
        using Process process = started;
        Task<string> standard = process.StandardOutput.ReadToEndAsync();
        string messages = process.StandardError.ReadToEnd() + standard.Result;
        process.WaitForExit();
        return (process.ExitCode, messages);
    }

    /// <summary>Starts a task of <see cref="Program"/> in a process of its own.</summary>
    public static Process Start(params string[] task) => Process.Start(StartOf(task))!;

    /// <summary>How a task of <see cref="Program"/> is started.</summary>
    public static ProcessStartInfo StartOf(params string[] task)
        => new(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            ["exec", typeof(FreshProcess).Assembly.Location, .. task])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

    /// <summary>Writes every column of single-precision vectors that the model adds.</summary>
    public static int Score<TRow>(string modelPath, string imagesPath, string outputPath)
        where TRow : class
    {
        var context = new MLContext();
        ITransformer model = context.Model.Load(modelPath, out _);
        IDataView view = model.Transform(context.Data.LoadFromEnumerable(JsonSerializer.Deserialize<List<TRow>>(File.ReadAllText(imagesPath))!));
        string[] columns = [.. view.Schema.Where(column => !column.IsHidden && column.Type is VectorDataViewType { ItemType: NumberDataViewType }).Select(column => column.Name)];
        List<Rows.Row> rows = Rows.Read(view, columns);
        File.WriteAllText(outputPath, JsonSerializer.Serialize(columns.ToDictionary(column => column, column => rows.Select(row => (float[])row.Values[column]).ToArray())));
        return 0;
    }
}
