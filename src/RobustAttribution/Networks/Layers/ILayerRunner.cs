using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Carries out the steps of a <see cref="LayeredModule"/>: plainly, or with the book-keeping that an attribution needs.</summary>
public interface ILayerRunner
{
    /// <summary>The layer's output.</summary>
    Tensor Apply(nn.Module<Tensor, Tensor> layer, Tensor input);

    /// <summary>The output of a convolution and the batch normalisation right behind it, which attributions treat as one linear layer.</summary>
    Tensor Apply(ConvolutionLayer convolution, BatchNormalizationLayer normalization, Tensor input);

    /// <summary>The sum of two branches of equal shape: a residual join.</summary>
    Tensor Add(Tensor left, Tensor right);
}
