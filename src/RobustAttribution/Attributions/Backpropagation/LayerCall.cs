using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>One call of a layer in a forward pass.</summary>
/// <param name="Layer">The module, or the <see cref="Networks.ActivationSite"/>.</param>
/// <param name="Input">Its input, part of the graph of the images.</param>
/// <param name="Output">Its output.</param>
/// <param name="Convolution">
/// For a batch normalisation right behind a convolution, with which it is one linear layer: the convolution's call. Null otherwise.
/// </param>
internal sealed record LayerCall(object Layer, Tensor Input, Tensor Output, LayerCall? Convolution = null)
{
    /// <summary>Whether the batch normalisation behind this convolution answers for both.</summary>
    public bool IsFolded { get; set; }

    /// <summary>For each input the number of the pixel that it is, from 1, or 0 for padding; null where the layer does not see the images.</summary>
    public Tensor? Places { get; set; }

    /// <summary>The convolution's input in the second pass, for the batch normalisation behind it.</summary>
    public Tensor? SecondInput { get; set; }
}
