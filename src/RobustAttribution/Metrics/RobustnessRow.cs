using System.Text.Json.Serialization;

namespace RobustAttribution.Metrics;

/// <summary>One image under one attack: what every robustness metric adds up.</summary>
public sealed record RobustnessRow
{
    /// <summary>The image's place in the source, from 0.</summary>
    public required long Image { get; init; }

    /// <summary>The attack's place in <see cref="RobustnessMeasurement.Attacks"/>, from 0.</summary>
    public required int Attack { get; init; }

    /// <summary>The true class; −1 where it is unknown.</summary>
    public long Label { get; init; } = -1;

    /// <summary>The class predicted for the image.</summary>
    public required long PredictedBefore { get; init; }

    /// <summary>The class predicted for the attacked image.</summary>
    public required long PredictedAfter { get; init; }

    /// <summary>Whether the attack found a valid image, for attacks on explanations one that keeps the prediction; see
    /// <see cref="Attacks.AttackResult.Valid"/>.</summary>
    public required bool Valid { get; init; }

    /// <summary>
    /// Whether no step improved anything: the valid attacked image is the image itself or the random draw that a walk began at, and its
    /// similarities say nothing of a defence.
    /// </summary>
    public bool Unchanged { get; init; }

    /// <summary>The similarities of the maps before and after the attack, one for each measure; NaN where undefined or not valid.</summary>
    public IReadOnlyList<double> Similarities { get; init; } = [];

    /// <summary>The attacked image, C·H·W values in [0, 1]; empty unless <see cref="RobustnessMeasurement.KeepImages"/>.</summary>
    public ReadOnlyMemory<float> AttackedImage { get; init; }

    /// <summary>The map of the attacked image, H·W values; empty unless <see cref="RobustnessMeasurement.KeepImages"/>.</summary>
    public ReadOnlyMemory<float> AttackedMap { get; init; }

    /// <summary>
    /// By control of <see cref="RobustnessMeasurement.Controls"/> and measure: the similarities of the control's maps before and after the attack.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<double>> ControlSimilarities { get; init; } = [];

    /// <summary>A hash of the image before the attack; 0 unless <see cref="RobustnessMeasurement.KeepKeys"/>.</summary>
    [JsonInclude]
    internal UInt128 Key { get; init; }

    /// <summary>The map before the attack, H·W values; empty unless <see cref="RobustnessMeasurement.KeepMaps"/>.</summary>
    [JsonInclude]
    internal ReadOnlyMemory<float> Map { get; init; }

    /// <summary>H of <see cref="Map"/>.</summary>
    [JsonInclude]
    internal int MapHeight { get; init; }

    /// <summary>Whether the label is known and predicted before the attack.</summary>
    [JsonIgnore]
    public bool IsCorrect => Label >= 0 && PredictedBefore == Label;

    /// <summary>Whether the label is known and predicted both before and after the attack.</summary>
    [JsonIgnore]
    public bool StaysCorrect => IsCorrect && PredictedAfter == Label;

    /// <summary>The similarities of one image as means over several draws; NaN where one is undefined.</summary>
    internal static double[] MeanSimilarities(IReadOnlyList<RobustnessRow> draws)
        => [.. Enumerable.Range(0, draws[0].Similarities.Count).Select(measure => draws.Average(row => row.Similarities[measure]))];
}
