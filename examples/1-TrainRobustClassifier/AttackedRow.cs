using System.Globalization;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>A row of the view after the top-k attack, as ML.NET fills it in.</summary>
internal sealed class AttackedRow
{
    public string LabelName { get; set; } = string.Empty;

    public string PredictedLabel { get; set; } = string.Empty;

    public float[] Score { get; set; } = [];

    public float[] Image { get; set; } = [];

    public float[] Saliency { get; set; } = [];

    public float[] AttackedImage { get; set; } = [];

    public float[] AttackedSaliency { get; set; } = [];

    public bool AttackValid { get; set; }

    public float TopKIntersection { get; set; }

    public float KendallTau { get; set; }

    /// <summary>What is written under the attacked image.</summary>
    public string[] ImageCaptions() => [AttackValid ? $"still {PredictedLabel}" : "no valid attack"];

    /// <summary>What is written under its map.</summary>
    public string[] MapCaptions() => AttackValid ? [$"top-100 {Number(TopKIntersection)}", $"Kendall τ {Number(KendallTau)}"] : ["unchanged"];

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
