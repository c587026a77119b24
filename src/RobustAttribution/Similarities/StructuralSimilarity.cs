using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>
/// SSIM (Wang et al. 2004, eq. 13): the mean over all windows of (2μ_aμ_b + C₁)(2σ_ab + C₂)/((μ_a² + μ_b² + C₁)(σ_a² + σ_b² + C₂)), C₁ = (0.01·L)²,
/// C₂ = (0.03·L)².
/// </summary>
/// <remarks>
/// At most 1, 1 for equal maps, symmetric, unchanged by positive scaling of both maps by one factor. L is the range of the pair: the largest value
/// of both maps minus the smallest
/// (AGA's script takes the range of the whole batch, which makes an image's value depend on its neighbours). Only windows that lie inside the map
/// are counted.
/// Two maps that are constant and equal have L = 0, and give 1. Maps smaller than the window are refused.
/// </remarks>
public sealed record StructuralSimilarity(int Window = 7, double? Sigma = 1.5) : MapSimilarity
{
    /// <summary>Side of the square window in pixels, odd and at least 3. 7 by default (AGA).</summary>
    public int Window { get; init => field = CheckWindow(value); } = CheckWindow(Window);

    /// <summary>
    /// Standard deviation in pixels of the Gaussian that weighs the window, above 0; null weighs all pixels alike. 1.5 by default (AGA).
    /// </summary>
    public double? Sigma { get; init => field = CheckSigma(value); } = CheckSigma(Sigma);

    /// <inheritdoc/>
    public override string Name => "SSIM";

    internal override void CheckSize(long height, long width)
    {
        if (height < Window || width < Window)
        {
            throw new ArgumentException(
                $"{nameof(Window)} is {Window}, and the maps have {height}×{width} pixels; allowed is a window that fits into them.");
        }
    }

    private protected override Tensor Measure(Tensor a, Tensor b)
    {
        (Tensor x, Tensor y) = (a.unsqueeze(1), b.unsqueeze(1)); // [N,1,H,W]
        Tensor values = cat([a.flatten(1), b.flatten(1)], 1);
        Tensor range = (values.amax([1]) - values.amin([1])).reshape(-1, 1, 1, 1);
        Tensor c1 = (range * 0.01).square();
        Tensor c2 = (range * 0.03).square();
        (Tensor meanX, Tensor meanY) = (Blur(x), Blur(y));
        Tensor varianceX = Blur(x * x) - meanX.square();
        Tensor varianceY = Blur(y * y) - meanY.square();
        Tensor covariance = Blur(x * y) - (meanX * meanY);
        Tensor local = ((2 * meanX * meanY) + c1) * ((2 * covariance) + c2)
            / ((meanX.square() + meanY.square() + c1) * (varianceX + varianceY + c2));
        return where(range.flatten().eq(0), ones(a.shape[0], dtype: ScalarType.Float64, device: a.device), local.flatten(1).mean([1]));
    }

    /// <summary>Weighted means over all windows inside the maps: rows, then columns.</summary>
    private Tensor Blur(Tensor maps)
    {
        double[] weights =
            [.. Enumerable.Range(0, Window).Select(i => Sigma is double sigma ? Math.Exp(-Math.Pow(i - (Window / 2), 2) / (2 * sigma * sigma)) : 1)];
        double sum = weights.Sum();
        Tensor kernel = tensor(weights.Select(weight => weight / sum).ToArray(), device: maps.device);
        return nn.functional.conv2d(nn.functional.conv2d(maps, kernel.reshape(1, 1, 1, Window)), kernel.reshape(1, 1, Window, 1));
    }

    private static int CheckWindow(int value, string name = nameof(Window))
        => value >= 3 && value % 2 == 1
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed is an odd number of at least 3.");

    private static double? CheckSigma(double? value) => value is null ? null : Require.Positive(value.Value, nameof(Sigma));
}
