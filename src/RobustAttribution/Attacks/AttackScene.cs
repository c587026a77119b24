using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>The constants that an attack's objective is made of. Everything is detached, and computed only where it is used.</summary>
/// <param name="Clean">
/// The pictures before the attack, through the network that the objective is taken of: the surrogate while the attack looks for its steps,
/// the true network when it judges.
/// </param>
/// <param name="TrueClean">The pictures before the attack, through the true network.</param>
/// <param name="TrueStart">Where the walk begins, through the true network.</param>
/// <param name="Classes">[N], int64: the classes whose attribution is attacked.</param>
public sealed record AttackScene(AttackView Clean, AttackView TrueClean, AttackView TrueStart, Tensor Classes);
