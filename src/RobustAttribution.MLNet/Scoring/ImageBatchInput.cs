using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>What a <see cref="BatchMapper"/> computes from.</summary>
/// <param name="Images">[N,C,H,W] in [0, 1], of the network's type, on its device.</param>
/// <param name="Classes">[N], int64 on the network's device: the label column's classes; null where the mapper reads none.</param>
/// <param name="ContentSeed">Changes with the images and with nothing else: random draws that start from it are the same whenever the same batch comes.</param>
internal readonly record struct ImageBatchInput(Tensor Images, Tensor? Classes, Func<long> ContentSeed);
