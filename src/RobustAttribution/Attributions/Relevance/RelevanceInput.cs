using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The input of a layer that distributes its relevance.</summary>
/// <param name="Values">x.</param>
/// <param name="Lowest">The smallest values x can have, of x's shape; null at every layer but the first, and for rules that do not need it.</param>
/// <param name="Highest">The largest values x can have; null where <paramref name="Lowest"/> is.</param>
internal sealed record RelevanceInput(Tensor Values, Tensor? Lowest = null, Tensor? Highest = null);
