using System.Text.Json;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>An exchange of all ranks.</summary>
/// <param name="IsSum">A sum over the ranks; else a broadcast.</param>
/// <param name="Bytes">Of each rank.</param>
internal sealed record Exchange(bool IsSum, long Bytes);

/// <summary>A measured step.</summary>
/// <param name="Images">Of one rank.</param>
/// <param name="Seconds">Processor time of a thread, for one of two ranks, without the exchange.</param>
internal sealed record MeasuredStep(int Images, double Seconds);

/// <summary>A measured sum over ranks on this machine.</summary>
internal sealed record MeasuredSum(int Ranks, long Bytes, double Seconds);

/// <summary>A network.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Counted.</param>
/// <param name="Statistics">Floats of running statistics, counted.</param>
/// <param name="Exchanges">Of one step, in order.</param>
/// <param name="Steps">By images, ascending.</param>
internal sealed record MeasuredNetwork(
    string Name, long Parameters, long Statistics, IReadOnlyList<Exchange> Exchanges, IReadOnlyList<MeasuredStep> Steps);

/// <summary>All that the model is made from.</summary>
/// <param name="Date">When it was measured.</param>
/// <param name="Load">Of the machine before and after.</param>
/// <param name="SecondsOfDraws">Of one image of the global batch, which every rank draws for.</param>
/// <param name="Networks">The networks.</param>
/// <param name="Sums">Over 2 and 3 ranks here.</param>
internal sealed record ScalingMeasurements(
    string Date, string Load, double SecondsOfDraws, IReadOnlyList<MeasuredNetwork> Networks, IReadOnlyList<MeasuredSum> Sums)
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static ScalingMeasurements Read(string path) => JsonSerializer.Deserialize<ScalingMeasurements>(File.ReadAllText(path), Format)!;

    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Format) + "\n");
}
