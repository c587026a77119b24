using Microsoft.ML.Data;

namespace RobustAttribution.Benchmarks;

/// <summary>A test image with its map and the boxes of all thresholds.</summary>
internal sealed class LocatedItem
{
    [VectorType(1, PastedItem.Side, PastedItem.Side)]
    public float[] Image { get; set; } = [];

    [VectorType(4)]
    public float[] Box { get; set; } = [];

    [VectorType(PastedItem.Side, PastedItem.Side)]
    public float[] Saliency { get; set; } = [];

    public float[] PredictedBox { get; set; } = [];
}
