using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>How a linear layer distributes the relevance R of its outputs over its inputs.</summary>
/// <remarks>
/// Rᵢ = Σ over the parts p of shareₚ · Σⱼ (summand of input i in part p of output j) / (part p of output j) · Rⱼ. A rule defines the parts.
/// Rules are those of this namespace; a program adds none.
/// </remarks>
[ComponentFamily]
public abstract record RelevanceRule
{
    /// <summary>Added to each part, away from zero, before dividing by it; above 0.</summary>
    internal virtual double Stabilizer => 1e-9;

    /// <summary>Whether the parts depend on the bounds of the input.</summary>
    internal virtual bool NeedsBounds => false;

    /// <summary>The parts, as differentiable functions of the input (and of its bounds, if the rule needs them).</summary>
    /// <param name="map">The layer.</param>
    /// <param name="input">Its input; with bounds at the first layer, if the rule needs them.</param>
    /// <returns>Shares, and tensors of the shape of the layer's output.</returns>
    /// <exception cref="NotSupportedException">The rule needs bounds of the input, and there are none.</exception>
    internal abstract IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input);
}

/// <summary>The input of a layer that distributes its relevance.</summary>
/// <param name="Values">x.</param>
/// <param name="Lowest">The smallest values x can have, of x's shape; null at every layer but the first, and for rules that do not need it.</param>
/// <param name="Highest">The largest values x can have; null where <paramref name="Lowest"/> is.</param>
internal sealed record RelevanceInput(Tensor Values, Tensor? Lowest = null, Tensor? Highest = null);
