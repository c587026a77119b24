using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>A part of a loss beside the cross-entropy.</summary>
/// <param name="Name">As in <see cref="LossTerm.Name"/>.</param>
/// <param name="Weight">What <paramref name="Value"/> is multiplied by in the loss.</param>
/// <param name="Value">A scalar, with its graph.</param>
public readonly record struct Penalty(string Name, double Weight, Tensor Value);
