using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The maximum of each square window, PyTorch's <c>MaxPool2d</c>.</summary>
public sealed class MaxPoolLayer : nn.Module<Tensor, Tensor>
{
    private readonly int size;
    private readonly int stride;
    private readonly int padding;

    /// <summary>Makes a pooling layer.</summary>
    /// <param name="size">Height and width of the window, at least 1.</param>
    /// <param name="stride">Distance of neighbouring windows; null: <paramref name="size"/>.</param>
    /// <param name="padding">Border that never wins, at most half of <paramref name="size"/>.</param>
    public MaxPoolLayer(int size, int? stride = null, int padding = 0)
        : base(nameof(MaxPoolLayer))
    {
        this.size = Require.InRange(size, 1);
        this.stride = Require.InRange(stride ?? size, 1, name: nameof(stride));
        this.padding = Require.InRange(padding, 0, size / 2);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.max_pool2d(input, size, stride, padding);
}
