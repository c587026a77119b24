using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Training;
using TorchSharp;

namespace RobustAttribution.Benchmarks;

/// <summary>One model of the board.</summary>
internal sealed record Entry(Setting Setting, Method Method, TestedNetwork Network, int Seed)
{
    public string Name => $"{Setting.Name}-{Method.Name}-{Method.Weights}-{Network.Name}-{Seed}";

    public override string ToString() => Name;
}

/// <summary>How an entry was trained: beside its weights.</summary>
/// <param name="Objective">As <see cref="ComponentJson"/> writes it.</param>
/// <param name="Activation">As <see cref="ComponentJson"/> writes it.</param>
/// <param name="ProcessorSeconds">Of the training.</param>
/// <param name="WeightsHash">SHA-256 of the weights' file.</param>
internal sealed record TrainedEntry(JsonElement Objective, JsonElement Activation, double ProcessorSeconds, string WeightsHash);

/// <summary>The trained networks, one folder each.</summary>
/// <param name="folder">Where they are kept.</param>
internal sealed class Models(string folder)
{
    /// <summary>How the board's small files are written.</summary>
    public static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public bool Has(Entry entry) => File.Exists(CardOf(entry));

    /// <summary>Trains an entry; leaves nothing where it is stopped.</summary>
    public void Train(Entry entry, ITrainingObjective objective, FashionMnist data, CancellationToken cancellation)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        using ImageNetwork network = Trained(entry, objective, data, cancellation);
        double seconds = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        Directory.CreateDirectory(FolderOf(entry));
        using (FileStream weights = File.Create(WeightsOf(entry)))
        {
            network.SaveWeights(weights);
        }

        var card = new TrainedEntry(Json(objective), Json(network.Activation!), seconds, Hash(WeightsOf(entry)));
        File.WriteAllText(CardOf(entry), JsonSerializer.Serialize(card, Format) + "\n"); // last: says that the weights are whole
    }

    /// <summary>A network trained as an entry, which is kept nowhere.</summary>
    public static ImageNetwork Trained(Entry entry, ITrainingObjective objective, FashionMnist data, CancellationToken cancellation)
    {
        ImageNetwork network = Create(entry, entry.Network.ActivationFor(objective));
        var options = new TrainingOptions
        {
            Objective = objective,
            Epochs = entry.Setting.Epochs,
            BatchSize = 64,
            LearningRate = 2e-3,
            Schedule = new CosineSchedule(),
            Seed = entry.Seed,
            Precision = entry.Setting.Precision,
        };
        new RobustTrainer(options).Fit(network, data.Training.Source, null, null, cancellation);
        return network;
    }

    /// <summary>A trained network.</summary>
    public (ImageNetwork Network, TrainedEntry Training) Load(Entry entry)
    {
        TrainedEntry card = JsonSerializer.Deserialize<TrainedEntry>(File.ReadAllText(CardOf(entry)), Format)!;
        if (Hash(WeightsOf(entry)) != card.WeightsHash)
        {
            throw new InvalidDataException($"{WeightsOf(entry)} is not the file that was trained; delete its folder to train it again.");
        }

        ImageNetwork network = Create(entry, ComponentJson.Read<Activation>(card.Activation.GetRawText()));
        using FileStream weights = File.OpenRead(WeightsOf(entry));
        network.LoadWeights(weights);
        return (network, card);
    }

    private static ImageNetwork Create(Entry entry, Activation activation)
    {
        using var generator = new torch.Generator((ulong)entry.Seed, torch.CPU);
        return ImageNetwork.Create(entry.Network.Architecture, new InputSpecification(1, 28, 28), 10, activation, generator);
    }

    /// <summary>A component as cards have it.</summary>
    public static JsonElement Json<T>(T component) => JsonSerializer.Deserialize<JsonElement>(ComponentJson.Write(component));

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private string FolderOf(Entry entry) => Path.Combine(folder, entry.Name);

    private string WeightsOf(Entry entry) => Path.Combine(FolderOf(entry), "weights.safetensors");

    private string CardOf(Entry entry) => Path.Combine(FolderOf(entry), "training.json");
}
