using Microsoft.ML.Data;

namespace RobustAttribution.Benchmarks;

/// <summary>An image of the synthetic set: one Fashion-MNIST item somewhere on a textured canvas.</summary>
internal sealed class PastedItem
{
    /// <summary>Height and width of the canvas in pixels.</summary>
    public const int Side = 56;

    /// <summary>Values in 0…255.</summary>
    [VectorType(1, Side, Side)]
    public float[] Image { get; set; } = [];

    /// <summary>The item's class, from 0.</summary>
    [KeyType(4)]
    public uint Label { get; set; }

    /// <summary>Left, top, right, bottom of the item in pixels.</summary>
    [VectorType(4)]
    public float[] Box { get; set; } = [];
}
