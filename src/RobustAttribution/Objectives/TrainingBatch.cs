using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>What a loss is taken of.</summary>
/// <param name="Network">In the mode in which it is trained.</param>
/// <param name="Images">[N,C,H,W] in [0, 1], a constant.</param>
/// <param name="Classes">[N], int64: the true classes.</param>
/// <param name="Generator">Source of every random draw.</param>
public readonly record struct TrainingBatch(ImageNetwork Network, Tensor Images, Tensor Classes, Generator Generator);
