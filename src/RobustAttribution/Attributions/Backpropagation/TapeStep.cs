using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>One step of a forward pass.</summary>
/// <param name="Layer">The layer; null at a join.</param>
/// <param name="Normalization">The batch normalisation right behind a convolution that is one step with it.</param>
/// <param name="Inputs">One tensor for a layer, two for a join.</param>
/// <param name="Output">The layer's output, part of the graph of its inputs.</param>
internal sealed record TapeStep(nn.Module<Tensor, Tensor>? Layer, BatchNormalizationLayer? Normalization, Tensor[] Inputs, Tensor Output)
{
    /// <summary>The step's one input.</summary>
    public Tensor Input => Inputs[0];
}
